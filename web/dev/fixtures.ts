// A made-up commune for the mock hub: one winding road with homes on it, in
// every state that the web has words for. No place, no person.
import type { Camera, CameraAnswer, Device, Household, OwnerAsk, Receipt, Road, SearchResult, Span, Stretch, Upkeep } from "../src/api/types";
import { ahead, distance, type Point } from "../src/model/geo.ts";

function walk(start: Point, legs: [heading: number, metres: number][]): Point[] {
  const line: Point[] = [start];
  for (const [heading, metres] of legs) {
    const [lon, lat] = line.at(-1)!;
    line.push(ahead({ lon, lat }, heading, metres));
  }
  return line;
}

function road(id: string, name: string, ref: string | undefined, kind: string, line: Point[]): Road {
  const length = line.slice(1).reduce((sum, p, i) => sum + distance(line[i]!, p), 0);
  return { id, name, ref, class: kind, length, measure: { metre: 0, kilometre: 0, falling: false }, line };
}

const main = walk([106.61, 22.02], Array.from({ length: 45 }, (_, i) => [52 + 46 * Math.sin(i / 4.2), 200]));
export const roads: Road[] = [
  road("r4a", "Quốc lộ 4A", "QL.4A", "primary", main),
  road("r1", "Đường Bản Mẫu", undefined, "tertiary", walk(main[12]!, [[150, 300], [165, 400], [120, 300], [140, 500]])),
  road("r2", "Đường Nà Thử", undefined, "tertiary", walk(main[24]!, [[330, 300], [345, 500], [310, 600]])),
  road("r3", "", undefined, "residential", walk(main[35]!, [[120, 300], [100, 350], [140, 300]])),
];

/** What households share for the case, where it is not everything. */
const consents: Record<number, CameraAnswer["consent"]> = { 5: "stills", 7: "ask", 9: "ask", 10: "ask", 12: "ask", 13: "ask", 15: "registry" };

const facings = ["up", "down", "across"] as const;
export const cameras: Camera[] = Array.from({ length: 18 }, (_, i) => {
  const metres = 350 + i * 485 + (i % 3) * 60;
  const k = Math.min(main.length - 2, Math.floor(metres / 200));
  const position = ahead({ lon: main[k]![0], lat: main[k]![1] }, i % 2 ? 140 : 320, 14);
  const facing = facings[i % 3]!;
  const along = 52 + 46 * Math.sin(k / 4.2);
  return {
    id: `c${i + 1}`,
    label: `Nhà ${String(i + 1).padStart(2, "0")}`,
    view: {
      position: { lon: position[0], lat: position[1] },
      heading: (facing === "up" ? along : facing === "down" ? along + 180 : along + 90 + 360) % 360,
      fov: 78,
      range: 90,
    },
    seen: [{ stretch: { road: "r4a", from: metres - 40, to: metres + 40 }, facing }],
    state: i === 6 ? "wrong-password" : i === 11 ? "camera-off" : "recording",
    linked: i !== 14,
    live: i % 4 !== 2 && !consents[i],
    live_refusal: i === 2 ? "live-codec" : i % 4 === 2 || consents[i] ? "no-consent" : undefined,
    codec: i % 6 === 2 ? "h265" : "h264",
  };
});

/** What one home has in a window: by its number, a different story. */
function spans(i: number, from: number, to: number): Span[] {
  const cut = (f: number) => new Date(from + (to - from) * f).toISOString();
  const make = (parts: [number, number, Span["state"] | undefined, string?][]): Span[] =>
    parts.map(([a, b, state, cause]) => ({ from: cut(a), to: cut(b), state, cause }));
  switch (i) {
    case 1: return make([[0, 0.55, "recorder"], [0.55, 0.8, "home"], [0.8, 1, "stored"]]);
    case 5: return make([[0, 0.4, "recorder"], [0.4, 0.7, "home"], [0.7, 1, "stored"]]);
    case 7: return make([[0, 0.3, "recorder"], [0.3, 1, "home"]]);
    case 9: return make([[0, 1, "home"]]);
    case 10: return make([[0, 1, "home"]]);
    case 12: return make([[0, 0.3, "home"], [0.3, 0.5, "stored"], [0.5, 1, "home"]]);
    case 13: return make([[0, 1, "recorder"]]);
    case 15: return make([[0, 1, "home"]]);
    case 3: return make([[0, 0.4, "stored"], [0.4, 0.46, undefined, "reconnect"], [0.46, 0.8, "stored"], [0.8, 1, "home"]]);
    case 4: return make([[0, 0.25, "home"], [0.25, 0.6, "uploading"], [0.6, 1, "requested"]]);
    case 6: return make([[0, 1, undefined, "wrong-password"]]);
    case 8: return make([[0, 0.3, "stored"], [0.3, 0.7, undefined, "paused"], [0.7, 0.98, "stored"], [0.98, 1, undefined, "pending"]]);
    case 11: return make([[0, 0.55, "held"], [0.55, 1, undefined, "camera-off"]]);
    case 14: return make([[0, 0.5, "stored"], [0.5, 1, undefined, "unreachable"]]);
    default: return make([[0, 0.975, "stored"], [0.975, 1, undefined, "pending"]]);
  }
}

/** What was asked of some households before: one waits, one said no, one yes, one nothing. */
function asked(i: number, from: number, to: number, now: number): OwnerAsk[] {
  const HOUR = 3.6e6;
  const make = (a: number, b: number, ago: number, answer?: OwnerAsk["answer"]): OwnerAsk => ({
    from: new Date(from + (to - from) * a).toISOString(),
    to: new Date(from + (to - from) * b).toISOString(),
    asked: new Date(now - ago * HOUR).toISOString(),
    until: new Date(now + (24 - ago) * HOUR).toISOString(),
    answer,
    answered: answer && new Date(now - (answer === "silent" ? ago - 24 : ago / 2) * HOUR).toISOString(),
  });
  switch (i) {
    case 9: return [make(0.4, 0.5, 2)];
    case 10: return [make(0.4, 0.5, 6, "refused")];
    case 12: return [make(0.3, 0.5, 5, "granted")];
    case 13: return [make(0.4, 0.5, 30, "silent")];
  }
  return [];
}

/** Somebody passes now and then; later at homes further on. */
function moving(i: number, steps: number): string {
  const value = (k: number) => {
    const near = Math.abs(((k + 400 - i * 6) % 97) - 40);
    return near < 3 ? 240 - near * 50 : (k * 7 + i) % 23;
  };
  return btoa(String.fromCharCode(...Array.from({ length: Math.min(720, Math.floor(steps)) }, (_, k) => value(k))));
}

/** own: what was asked of households since the mock began, by camera. */
export function search(caseID: string, stretch: Stretch, from: number, to: number, own: Map<string, OwnerAsk[]>): SearchResult {
  const inside = (at: number) => at >= stretch.from && at <= stretch.to;
  const answers: CameraAnswer[] = cameras
    .map((camera, i): CameraAnswer => {
      const seen = camera.seen[0]!;
      const list = spans(i, from, to);
      const q = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
      const consent = consents[i] ?? (camera.live ? "live" : "clip");
      const asks = [...asked(i, from, to, Date.now()), ...(own.get(camera.id) ?? [])];
      const shared = consent !== "stills" && consent !== "registry";
      const playable = shared && (consent !== "ask" || asks.some((a) => a.answer === "granted")) && list.some((s) => s.state === "stored" || s.state === "held");
      return {
        camera,
        at: (seen.stretch.from + seen.stretch.to) / 2,
        seen,
        spans: list,
        playlist: playable ? `/api/v1/cases/${caseID}/cameras/${camera.id}/playlist.m3u8?${q}` : undefined,
        consent,
        asks: asks.length > 0 ? asks : undefined,
        recorder: list.some((s) => s.state === "recorder") ? { offset_ms: i === 1 ? -420_000 : 34_000, bound_ms: 900 } : undefined,
        home: shared && list.some((s) => s.state === "recorder" || s.state === "home" || s.state === "requested" || s.state === "uploading"),
        activity: i === 6 ? undefined : { step_ms: 5000, values: moving(i, (to - from) / 5000) },
        clock: i === 4 ? undefined : { synchronised: i !== 5, offset_ms: 120 * i, bound_ms: 40 + 25 * i },
      };
    })
    .filter((a) => stretch.road === "r4a" && inside(a.at));
  return { stretch, line: [], from: new Date(from).toISOString(), to: new Date(to).toISOString(), cameras: answers };
}

const health = { spool_used: 18_400_000_000, spool_most: 21_474_836_480, spool_held: 310_000_000, spool_days: 5.4, waiting: 3, uplink_rate: 412_000, uplink_budget: 500_000, temperature: 54.5, clock: { synchronised: true, offset_ms: 21, bound_ms: 9 } };

/** A box of each standing that the administrator's page has words for. */
export function households(now: number): Household[] {
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  const good = { last_segment: ago(6), verified: ago(6), keep_days: 7 };
  return [
    {
      id: "h1", label: "Nhà 01, thôn Bản Mẫu", place: { lat: 22.021345, lon: 106.61218 },
      devices: [{
        id: "UA1", fingerprint: "K7QD-M2XA", name: "hộp-01", linked: true, last_seen: ago(4), enrolled: ago(8e6), version: "1.4.0", health,
        selftest: {
          at: ago(7200),
          lines: [
            { name: "record", camera: "Nhà 01", ok: true, number: 20 }, { name: "record", camera: "Nhà 01, cổng sau", ok: false, fix: "paused" },
            { name: "own", camera: "Nhà 01", ok: true, number: -421 }, { name: "past", camera: "Nhà 01", ok: false, fix: "recorder-full" },
            { name: "uplink", ok: true, number: 412_000 }, { name: "clock", ok: true, number: 0.02 }, { name: "disk", ok: true, number: 5.4 },
          ],
        },
        cameras: [
          { id: "c1", label: "Nhà 01", consent: "live", consent_until: ago(-2e7), state: "recording", ...good, uplink: "on-request", aim: "same", aim_at: ago(3e4), recorder_from: ago(9e5), recorder_offset_ms: -420_000 },
          { id: "c1b", label: "Nhà 01, cổng sau", consent: "clip", paused: true, state: "paused", since: ago(3600), aim: "turned", aim_at: ago(9e4) },
        ],
      }],
    },
    {
      id: "h2", label: "Nhà 02, thôn Bản Mẫu",
      devices: [
        { id: "UA2", fingerprint: "ZM4P-77KD", name: "hộp-02", linked: false, quarantined: true, last_seen: ago(900), enrolled: ago(7e6), version: "1.4.0", cameras: [{ id: "c2", label: "Nhà 02", consent: "stills", state: "agent-off", since: ago(900), aim: "covered", aim_at: ago(4e4) }] },
        { id: "UA2a", fingerprint: "2QWE-XKC9", name: "hộp-02 cũ", linked: false, left: true, last_seen: ago(8e6), enrolled: ago(9e6), version: "1.3.2", cameras: [] },
      ],
    },
    {
      id: "h7", label: "Nhà 07, thôn Nà Thử",
      devices: [
        {
          id: "UA7", fingerprint: "PLTW-93QZ", name: "hộp-07", linked: false, last_seen: ago(8000), enrolled: ago(6e6), version: "1.3.2",
          selftest: { at: ago(9e4), lines: [{ name: "record", camera: "Nhà 07", ok: true, number: 20 }, { name: "uplink", ok: true, number: 98_000 }, { name: "clock", ok: true }] },
          cameras: [
            { id: "c7", label: "Nhà 07", consent: "ask", state: "wrong-password", since: ago(9000), detail: "401 after two tries", aim: "dark", aim_at: ago(4e4), recorder_from: ago(6e5), recorder_offset_ms: 300 },
            { id: "c7b", label: "Nhà 07, ngõ", consent: "registry", state: "recording", ...good, aim: "unsure", aim_at: ago(4e4) },
          ],
        },
        { id: "UA7a", fingerprint: "9QZP-LTW3", name: "hộp-07 cũ", linked: false, revoked: true, cameras: [] },
      ],
    },
    { id: "h9", label: "Nhà 09, thôn Nà Thử", devices: [] },
  ];
}

/** The box that takes up the mock's invitation of a household that has none. */
export const newcomer = (now: number): Device => ({
  id: "UA9", fingerprint: "H3MV-T8RC", name: "hộp-09", linked: true, enrolled: new Date(now).toISOString(), last_seen: new Date(now).toISOString(), version: "1.4.0", cameras: [],
});

/** A store in which all is well, of homes that chose for how long. */
export function upkeep(now: number): Upkeep {
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  return {
    keep: [{ days: 7, cameras: 3 }, { days: 14, cameras: 13 }, { days: 30, cameras: 2 }],
    expired: { day: { segments: 21_480, size: 96_300_000_000 }, month: { segments: 598_212, size: 2_710_000_000_000 }, unproved: 0 },
    index: { open: 812, oldest: ago(3400), unsent: 0 },
    database: 148_600_000,
    snapshot: { at: ago(240), size: 1_340_000 },
    check: { depth: 1, began: ago(30_000), ended: ago(29_700), segments: 301_944, objects: 302_020, stored: 301_944, size: 1_360_000_000_000, clean: true, findings: [] },
  };
}

/** The same on a bad day. */
export function trouble(now: number): Upkeep {
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  const well = upkeep(now);
  return {
    ...well,
    grace_until: ago(-50_000),
    expired: { ...well.expired, unproved: 1840 },
    index: { open: 9120, oldest: ago(30_000), unsent: 12 },
    snapshot: { at: ago(9000), size: 0 },
    check: {
      ...well.check!, depth: 3, ended: ago(200_000), clean: false,
      findings: [{ kind: "missing", count: 41, repaired: 38 }, { kind: "wrong-bytes", count: 2, repaired: 0 }, { kind: "manifest-missing", count: 1, repaired: 0 }, { kind: "orphan", count: 1204, repaired: 0 }],
    },
  };
}

export function receipts(now: number): Receipt[] {
  const ago = (days: number) => new Date(now - days * 8.64e7).toISOString();
  const make = (number: string, days: number, camera: string, consent: Receipt["consent"]): Receipt => ({
    number, camera, consent, text: "2026-11", language: number === "B-000031" ? "en" : "vi", method: "household-page", at: ago(days), received: new Date(now - days * 8.64e7 + 2000).toISOString(),
  });
  return [
    make("B-000047", 0.05, "Nhà 01, cổng sau", { level: "clip", paused: true, for: { administrative: "none", missing: "stills" } }),
    make("B-000046", 12, "Nhà 01", { level: "live", until: ago(-353) }),
    make("B-000031", 90, "Nhà 01", { level: "ask", hours: { from: 360, to: 1320 }, until: ago(-200) }),
  ];
}
