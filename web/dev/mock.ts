// A hub that never was: answers /api/v1 from fixtures for `npm run dev` and for
// the page checks. Sign in as "canbo" or "quantri" with any password but "sai".
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import type { Case, Household, Invitation, Measure, OwnerAsk, Position, Road, SearchRequest, Stretch, User } from "../src/api/types";
import { distance } from "../src/model/geo.ts";
import { cameras, households, newcomer, receipts, roads as drawn, search, upkeep } from "./fixtures.ts";

const users: User[] = [
  { id: "u1", login: "quantri", name: "Quản trị thử", role: "administrator", unit: "Xã Mẫu" },
  { id: "u2", login: "canbo", name: "Cán bộ thử", role: "officer", unit: "Xã Mẫu" },
];

type Answer = { status?: number; body?: unknown; headers?: Record<string, string> };
const refuse = (status: number, code: string, detail?: string): Answer => ({ status, body: { code, message: code, detail } });

/** Metres along the main road of the fixture point nearest to a click. */
function snap(p: Position): number {
  const line = drawn[0]!.line as [number, number][];
  const far = line.map((q) => distance([p.lon, p.lat], q));
  return far.indexOf(Math.min(...far)) * 200;
}

class MockHub {
  private user: User | null = null;
  private readonly start = Date.now();
  private readonly homes: Household[] = households(this.start);
  private readonly asks = new Map<string, OwnerAsk[]>();
  private roads: Road[] = drawn;
  private invited = 0; // how often
  private cases: Case[] = [
    {
      id: "k1", number: "12/2026/HS", kind: "criminal", legal_basis: "Điều 9 (ví dụ)", unit: "Xã Mẫu", officer: "Cán bộ thử",
      summary: "Mất xe máy gần ngã ba, khoảng 14:00", opened: new Date(this.start - 5.4e6).toISOString(),
    },
    {
      id: "k0", number: "11/2026/MT", kind: "missing", legal_basis: "Tin báo của gia đình", unit: "Xã Mẫu", officer: "Cán bộ thử",
      summary: "", opened: new Date(this.start - 9e7).toISOString(), closed: new Date(this.start - 5e7).toISOString(),
    },
  ];

  answer(method: string, path: string, body: Record<string, unknown>): Answer {
    const at = `${method} ${path}`;
    if (at === "GET /ca.pem") return { body: "-----BEGIN CERTIFICATE-----" };
    if (at === "GET /setup") return { body: { needed: true } };
    if (at === "POST /setup" || at === "POST /session") {
      if (body.password === "sai") return refuse(401, "signed-out");
      this.user = users.find((u) => u.login === body.login) ?? users[0]!;
      return { body: this.user };
    }
    if (!this.user) return refuse(401, "signed-out");
    if (at === "DELETE /session") {
      this.user = null;
      return { status: 204 };
    }
    if (at === "GET /session") return { body: this.user };
    return this.user.role === "administrator" ? this.administrator(at, body) : this.officer(method, path, body);
  }

  private administrator(at: string, body: Record<string, unknown>): Answer {
    if (at === "GET /users") return { body: users };
    if (at === "POST /users") {
      const made = { id: `u${users.length + 1}`, ...body } as unknown as User;
      users.push(made);
      return { status: 201, body: made };
    }
    if (at === "GET /roads") return { body: { roads: this.roads, sketch: true } };
    if (at.startsWith("PUT /roads/")) return this.measure(at.split("/")[2]!, body as unknown as Measure);
    if (at === "GET /upkeep") return { body: upkeep(Date.now()) };
    if (at === "GET /households") return { body: this.homes };
    if (at === "POST /households") {
      const made = { id: `h${100 + this.homes.length}`, devices: [], ...body } as unknown as Household;
      this.homes.push(made);
      return { status: 201, body: made };
    }
    if (at.endsWith("/invitations")) return { status: 201, body: this.invite(at.split("/")[2]!) };
    if (at.endsWith("/receipts")) return { body: at.includes("/h1/") ? receipts(this.start) : [] };
    return refuse(403, "forbidden");
  }

  /** r2 is a road that the hub does not find any more. */
  private measure(id: string, measure: Measure): Answer {
    const one = this.roads.find((r) => r.id === id);
    if (!one || id === "r2") return refuse(404, "unknown-road");
    const made = { ...one, measure };
    this.roads = this.roads.map((r) => (r === one ? made : r));
    return { body: made };
  }

  /** Nobody ever takes it up but in a household without a box; that of h7 is too old in a moment. */
  private invite(household: string): Invitation {
    const hub = "https://hub.xa-mau.example:8470";
    const secret = ["ABCDEFGHIJKLMNOPQRSTUVWX23", "K7QDM2XAPLTWZM4PH3MVT6RCNE"][this.invited++ % 2]!;
    const home = this.homes.find((h) => h.id === household)!;
    if (home.devices.length === 0) setTimeout(() => (home.devices = [newcomer(Date.now())]), 1000);
    const ca = Array.from({ length: 32 }, (_, i) => (i * 37 + 11) % 256);
    return {
      hub,
      code: secret.replace(/(.{4})(?=.)/g, "$1-"),
      link: `${hub}/ghep#1.${Buffer.from(ca).toString("base64url")}.${secret}`,
      ca_fingerprint: Buffer.from(ca).toString("hex"),
      expires: new Date(Date.now() + (household === "h7" ? 800 : 6e5)).toISOString(),
    };
  }

  /** c8 wants to be asked; c14 was asked too often. */
  private request(camera: string, body: Record<string, unknown>): Answer {
    if (camera === "c14") return refuse(429, "too-many");
    if (camera !== "c8") return { body: { segments: camera === "c2" ? 0 : 20, acknowledged: true } };
    const now = Date.now();
    const ask: OwnerAsk = { from: String(body.from), to: String(body.to), asked: new Date(now).toISOString(), until: new Date(now + 8.64e7).toISOString() };
    this.asks.set(camera, [...(this.asks.get(camera) ?? []), ask]);
    return { body: { segments: 12, acknowledged: true, asked: true } };
  }

  private officer(method: string, path: string, body: Record<string, unknown>): Answer {
    const part = path.split("/");
    const one = this.cases.find((c) => c.id === part[2]);
    if (path === "/roads") return { body: { roads: this.roads, sketch: true } };
    if (path === "/cameras") return { body: cameras };
    if (path === "/roads/stretch") {
      const [a, b] = [snap(body.a as Position), snap(body.b as Position)];
      if (a === b) return refuse(400, "bad-stretch");
      return { body: { stretch: { road: "r4a", from: Math.min(a, b), to: Math.max(a, b) }, line: [] } };
    }
    if (path === "/cases" && method === "GET") return { body: this.cases };
    if (path === "/cases") {
      const made = { id: `k${this.cases.length + 1}`, unit: "Xã Mẫu", officer: this.user!.name, opened: new Date().toISOString(), ...body } as unknown as Case;
      this.cases.unshift(made);
      return { status: 201, body: made };
    }
    if (!one) return refuse(404, "not-found");
    switch (part[3]) {
      case undefined: return { body: one };
      case "close":
        one.closed = new Date().toISOString();
        return { body: one };
      case "log": return { body: this.log() };
      case "search": {
        const asked = body as unknown as SearchRequest;
        return { body: search(one.id, asked.stretch as Stretch, Date.parse(asked.from), Date.parse(asked.to), this.asks) };
      }
    }
    if (path.endsWith("/requests")) return this.request(part[4]!, body);
    return path.endsWith("/live") ? refuse(503, "unreachable") : refuse(404, "no-footage");
  }

  private log() {
    const at = (s: number) => new Date(this.start - s * 1000).toISOString();
    return [
      { id: 5, at: at(2), actor: "hộ gia đình", action: "answer", camera: "Nhà 13", detail: "granted 14:05–14:17" },
      { id: 4, at: at(4), actor: "canbo", action: "ask", camera: "Nhà 13" },
      { id: 3, at: at(5), actor: "canbo", action: "live", camera: "Nhà 03", refused: "live-codec" },
      { id: 2, at: at(60), actor: "canbo", action: "playlist", camera: "Nhà 01" },
      { id: 1, at: at(90), actor: "canbo", action: "search", detail: "r4a 0–9000" },
    ];
  }
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
}

function write(response: ServerResponse, { status = 200, body, headers = {} }: Answer): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function answering(): Connect.NextHandleFunction {
  const hub = new MockHub();
  return (request, response) => {
    const path = (request.url ?? "/").split("?")[0]!;
    read(request).then((body) => write(response, hub.answer(request.method ?? "GET", path, body)));
  };
}

export function mockHub(): Plugin {
  return {
    name: "mock-hub",
    configureServer: (server) => void server.middlewares.use("/api/v1", answering()),
    configurePreviewServer: (server) => void server.middlewares.use("/api/v1", answering()),
  };
}
