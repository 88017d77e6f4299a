// An agent that never was: answers the household page's API from home/presets.ts, for
// `npm run dev:home` and for the page checks. The code is NHA-MAU, any recorder password
// but "sai" (wrong) and "lechgio" (clock skew) is good, "12345" is everybody's.
// POST /api/v1/mock {"preset": "home", "fail": {"GET /map": "unreachable"}} puts it anywhere.
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import type { Agreement, Aiming, Camera, Consent, Search, State, View } from "../home/src/api/types.ts";
import { blank, camera, iso, lines, place, preset, recorder, roads, scenes, sights, stepOf } from "./home/presets.ts";

// Of a commune that did not note where the house stands: one road through the middle.
const straight = [{ ...roads[0]!, line: [roads[0]!.line[18]!, roads[0]!.line[22]!] }];

type Answer = { status?: number; body?: unknown; file?: string; headers?: Record<string, string> };
type Body = Record<string, unknown>;
const refuse = (status: number, code: string, detail?: string): Answer => ({ status, body: { code, message: code, detail } });

class MockAgent {
  private state: State = blank();
  private open = false;
  private place = true; // whether the commune noted where the house stands
  private search: Search = { running: false, tried: 0, total: 0, found: [] };
  private tries = 2;
  private fail: Record<string, string> = {};
  private chosen = false; // of the recorder: nothing else can be contacted before the next sign-in
  readonly asked: string[] = []; // channels of which a picture was given

  answer(method: string, path: string, query: URLSearchParams, body: Body): Answer {
    const at = `${method} ${path}`;
    if (at === "POST /mock") return this.set(body);
    if (at === "GET /mock") return { body: { asked: this.asked } };
    if (at === "GET /session") return { body: { open: this.open, simulated: false } };
    if (at === "POST /session") {
      if (String(body.code).toUpperCase() !== "NHA-MAU") return refuse(403, "forbidden");
      this.open = true;
      return { status: 204 };
    }
    if (!this.open) return refuse(401, "signed-out");
    if (at === "DELETE /session") {
      this.open = false;
      return { status: 204 };
    }
    const code = this.fail[at];
    if (code) {
      const [name, detail] = code.split(":");
      return refuse(409, name!, detail);
    }
    return this.house(at, path.split("/").slice(1), query, body);
  }

  private set(body: Body): Answer {
    if (typeof body.preset === "string") {
      this.state = preset(body.preset);
      this.search = { running: false, tried: 0, total: 0, found: [] };
      this.tries = 2;
      this.chosen = this.state.cameras.length > 0;
      this.asked.length = 0;
    }
    this.open = body.open !== false;
    this.place = body.place !== false;
    this.fail = (body.fail as Record<string, string> | undefined) ?? {};
    Object.assign(this.state, body.state);
    return { status: 204 };
  }

  private now(): Answer {
    const step = stepOf(this.state, true);
    this.state.step = step;
    return { body: this.state };
  }

  private house(at: string, part: string[], query: URLSearchParams, body: Body): Answer {
    const s = this.state;
    switch (at) {
      case "GET /state":
        this.advanceTest();
        return this.now();
      case "POST /pair": {
        const secret = String(body.link ?? body.code);
        if (/USED/.test(secret)) return refuse(409, "used-code");
        Object.assign(s, { member: { label: "Nhà Mẫu 07", hub: "https://hub.xa-mau.example", joined: iso(Date.now()) }, linked: true });
        return this.now();
      }
      case "DELETE /pair":
        this.state = { ...blank(), fingerprint: query.get("anew") === "true" ? "ZM4P-77KD-2QWE" : s.fingerprint };
        return this.now();
      case "PUT /networks":
        s.networks.confirmed = body.confirmed as string[];
        return this.now();
      case "POST /search":
        this.search = { running: true, tried: 0, total: 254, found: [] };
        return { status: 202, body: this.search };
      case "GET /search": return { body: this.advanceSearch() };
      case "POST /recorders": return this.signIn(String(body.password));
      case "POST /recorders/url": return this.byAddress(String(body.url));
      case "PUT /keep":
        s.keep = Number(body.days);
        return this.now();
      case "PUT /pause":
        for (const c of s.cameras) if (!body.camera || c.id === body.camera) Object.assign(c, { consent: { ...c.consent, paused: body.paused }, state: body.paused ? "paused" : "recording", watched: false });
        return this.now();
      case "GET /map": return { body: this.place ? { roads, sketch: true, place } : { roads: straight, sketch: true } };
      case "POST /seen": return { body: sights(body as unknown as View) };
      case "POST /selftest":
        s.selftest = { running: true, at: iso(Date.now()), lines: [] };
        return { ...this.now(), status: 202 };
      case "GET /notice.pdf": return { body: "%PDF-1.7", headers: { "Content-Type": "application/pdf" } };
    }
    if (part[0] === "requests") {
      const ask = s.requests.find((r) => r.id === part[1]);
      if (ask) ask.answer = body.granted ? "granted" : "refused";
      return this.now();
    }
    if (part[0] === "recorders") return this.recorder(at, part, body);
    const one = s.cameras.find((c) => c.id === part[1]);
    return one ? this.camera(`${at.split(" ")[0]} ${part[2]}`, one, body) : refuse(404, "not-found");
  }

  private advanceSearch(): Search {
    const found = [
      { address: "192.168.1.64", kind: "recorder" as const, brand: "Hikvision", model: "DS-7608NI", name: "Đầu ghi", opened: false },
      { address: "192.168.1.70", kind: "camera" as const, brand: "Dahua", model: "IPC-HFW", opened: false },
    ];
    if (this.search.running) {
      const tried = Math.min(254, this.search.tried + 127);
      this.search = { running: tried < 254, tried, total: 254, found: tried > 100 ? found : [] };
    }
    for (const f of this.search.found) f.opened = this.state.recorders.some((r) => r.address === f.address);
    return this.search;
  }

  private advanceTest(): void {
    const test = this.state.selftest;
    if (!test?.running) return;
    test.lines = lines.filter((l) => !l.camera || l.camera === "Hikvision" || this.state.cameras.some((c) => c.label === l.camera)).slice(0, test.lines.length + 3);
    if (test.lines.length >= 5) Object.assign(test, { running: false, told: true });
  }

  private signIn(password: string): Answer {
    if (password === "lechgio") return refuse(409, "clock-skew", "-420");
    if (this.tries === 0) return refuse(429, "locked-out", "280");
    if (password === "sai") return refuse(409, "wrong-password", String(--this.tries));
    const made = recorder(password);
    for (const c of this.state.cameras) Object.assign(made.channels[c.channel]!, { chosen: true, camera: c.id });
    this.chosen = false;
    this.state.recorders = [made];
    return { body: made };
  }

  private byAddress(url: string): Answer {
    if (!url.startsWith("rtsp://192.168.1.")) return refuse(400, url.startsWith("rtsp") ? "outside-lan" : "bad-request");
    const made = { ...recorder(""), id: "rec2", address: "192.168.1.80", brand: "RTSP", model: undefined, past: false, clock_ahead_s: undefined, channels: [{ number: 0, name: "", chosen: false }] };
    this.state.recorders.push(made);
    return { body: made };
  }

  private recorder(at: string, part: string[], body: Body): Answer {
    const r = this.state.recorders.find((one) => one.id === part[1]);
    if (!r) return refuse(404, "not-found");
    if (at.startsWith("DELETE")) {
      this.state.recorders = this.state.recorders.filter((one) => one !== r);
      this.state.cameras = this.state.cameras.filter((c) => c.recorder !== r.id);
      return this.now();
    }
    if (part[2] === "chosen") {
      const chosen = body.channels as number[];
      this.chosen = true;
      for (const c of r.channels) Object.assign(c, { chosen: chosen.includes(c.number), camera: chosen.includes(c.number) ? `c${c.number + 1}` : undefined });
      this.state.cameras = r.channels.filter((c) => c.chosen).map((c) => this.state.cameras.find((one) => one.id === c.camera) ?? camera(c.camera!, c.name || `Kênh ${c.number + 1}`, c.number));
      return this.now();
    }
    const n = Number(part[3]);
    if (this.chosen && !r.channels[n]?.chosen) return refuse(403, "forbidden");
    this.asked.push(`${r.id}/${n}`);
    return scenes[n] ? { file: scenes[n] } : refuse(409, "no-picture");
  }

  private camera(at: string, c: Camera, body: Body): Answer {
    switch (at) {
      case "GET picture": return { file: scenes[c.channel]! };
      case "GET reference": return { file: "road.jpg" };
      case "PUT aim": {
        const a = body as unknown as Aiming;
        Object.assign(c, { view: a.view, label: a.label, outline: a.outline, sights: sights(a.view), aim: { state: "same", at: iso(Date.now()) } });
        return this.now();
      }
      case "PUT consent": {
        const a = body as unknown as Agreement;
        c.consent = a.consent as Consent;
        c.receipt = { number: `BN-2026-00${40 + c.channel}`, at: iso(Date.now()), level: a.consent.level, text: a.text, words: a.words };
        c.state = a.consent.level === "none" ? "off" : "recording";
        return this.now();
      }
      case "POST check": return !body.jpeg ? refuse(400, "bad-request") : { body: { state: c.id === "c1" ? "same" : "turned", at: iso(Date.now()), shift: 0.2, likeness: 0.4, brightness: 0.5 } };
    }
    return refuse(404, "not-found");
  }
}

async function read(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const all = Buffer.concat(chunks);
  if (all[0] === 0xff && all[1] === 0xd8) return { jpeg: all.length };
  const text = all.toString();
  return text.startsWith("{") ? (JSON.parse(text) as Body) : {};
}

function write(response: ServerResponse, { status = 200, body, file, headers = {} }: Answer): void {
  if (file) {
    response.writeHead(200, { "Content-Type": file.endsWith(".mp4") ? "video/mp4" : "image/jpeg", "Cache-Control": "no-store", "Xulang-Time": iso(Date.now()) });
    response.end(readFileSync(new URL(`./home/${file}`, import.meta.url)));
    return;
  }
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
}

function answering(): Connect.NextHandleFunction {
  const agent = new MockAgent();
  return (request, response) => {
    const url = new URL(request.url ?? "/", "http://mock");
    read(request).then((body) => write(response, agent.answer(request.method ?? "GET", url.pathname, url.searchParams, body)));
  };
}

export function mockAgent(): Plugin {
  return {
    name: "mock-agent",
    configureServer: (server) => void server.middlewares.use("/api/v1", answering()),
    configurePreviewServer: (server) => void server.middlewares.use("/api/v1", answering()),
  };
}
