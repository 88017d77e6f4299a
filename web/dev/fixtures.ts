// A made-up commune for the mock hub: one winding road with homes on it, in
// every state that the web has words for. No place, no person.
import type { Camera, CameraAnswer, Household, Road, SearchResult, Span, Stretch } from "../src/api/types";
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
  return { id, name, ref, class: kind, length, line };
}

const main = walk([106.61, 22.02], Array.from({ length: 45 }, (_, i) => [52 + 46 * Math.sin(i / 4.2), 200]));
export const roads: Road[] = [
  road("r4a", "Quốc lộ 4A", "QL.4A", "primary", main),
  road("r1", "Đường Bản Mẫu", undefined, "tertiary", walk(main[12]!, [[150, 300], [165, 400], [120, 300], [140, 500]])),
  road("r2", "Đường Nà Thử", undefined, "tertiary", walk(main[24]!, [[330, 300], [345, 500], [310, 600]])),
  road("r3", "", undefined, "residential", walk(main[35]!, [[120, 300], [100, 350], [140, 300]])),
];

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
    live: i % 4 !== 2,
    live_refusal: i % 4 === 2 ? (i === 2 ? "live-codec" : "no-consent") : undefined,
    codec: i % 6 === 2 ? "h265" : "h264",
  };
});

/** What one home has in a window: by its number, a different story. */
function spans(i: number, from: number, to: number): Span[] {
  const cut = (f: number) => new Date(from + (to - from) * f).toISOString();
  const make = (parts: [number, number, Span["state"] | undefined, string?][]): Span[] =>
    parts.map(([a, b, state, cause]) => ({ from: cut(a), to: cut(b), state, cause }));
  switch (i) {
    case 3: return make([[0, 0.4, "stored"], [0.4, 0.46, undefined, "reconnect"], [0.46, 0.8, "stored"], [0.8, 1, "home"]]);
    case 4: return make([[0, 0.25, "home"], [0.25, 0.6, "uploading"], [0.6, 1, "requested"]]);
    case 6: return make([[0, 1, undefined, "wrong-password"]]);
    case 8: return make([[0, 0.3, "stored"], [0.3, 0.7, undefined, "paused"], [0.7, 0.98, "stored"], [0.98, 1, undefined, "pending"]]);
    case 11: return make([[0, 0.55, "held"], [0.55, 1, undefined, "camera-off"]]);
    case 14: return make([[0, 0.5, "stored"], [0.5, 1, undefined, "unreachable"]]);
    default: return make([[0, 0.975, "stored"], [0.975, 1, undefined, "pending"]]);
  }
}

/** Somebody passes now and then; later at homes further on. */
function moving(i: number, steps: number): string {
  const value = (k: number) => {
    const near = Math.abs(((k + 400 - i * 6) % 97) - 40);
    return near < 3 ? 240 - near * 50 : (k * 7 + i) % 23;
  };
  return btoa(String.fromCharCode(...Array.from({ length: Math.min(720, Math.floor(steps)) }, (_, k) => value(k))));
}

export function search(caseID: string, stretch: Stretch, from: number, to: number): SearchResult {
  const inside = (at: number) => at >= stretch.from && at <= stretch.to;
  const answers: CameraAnswer[] = cameras
    .map((camera, i): CameraAnswer => {
      const seen = camera.seen[0]!;
      const list = spans(i, from, to);
      const q = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString() });
      const playable = list.some((s) => s.state === "stored" || s.state === "held");
      return {
        camera,
        at: (seen.stretch.from + seen.stretch.to) / 2,
        seen,
        spans: list,
        playlist: playable ? `/api/v1/cases/${caseID}/cameras/${camera.id}/playlist.m3u8?${q}` : undefined,
        home: list.some((s) => s.state === "home" || s.state === "requested" || s.state === "uploading"),
        activity: i === 6 ? undefined : { step_ms: 5000, values: moving(i, (to - from) / 5000) },
        clock: i === 4 ? undefined : { synchronised: i !== 5, offset_ms: 120 * i, bound_ms: 40 + 25 * i },
      };
    })
    .filter((a) => stretch.road === "r4a" && inside(a.at));
  return { stretch, line: [], from: new Date(from).toISOString(), to: new Date(to).toISOString(), cameras: answers };
}

export const households = (now: number): Household[] => [
  {
    id: "h1", label: "Nhà 01, thôn Bản Mẫu",
    devices: [{
      id: "UA1", fingerprint: "K7QD-M2XA", name: "hộp-01", linked: true, last_seen: new Date(now - 4000).toISOString(),
      health: {
        spool_used: 18_400_000_000, spool_most: 21_474_836_480, spool_held: 310_000_000, spool_days: 5.4, waiting: 3,
        uplink_rate: 412_000, uplink_budget: 500_000, temperature: 54.5, clock: { synchronised: true, offset_ms: 21, bound_ms: 9 },
      },
      cameras: [
        { id: "c1", label: "Nhà 01", consent: "live", state: "recording", last_segment: new Date(now - 6000).toISOString(), verified: new Date(now - 6000).toISOString(), uplink: "on-request" },
        { id: "c1b", label: "Nhà 01, cổng sau", consent: "clip", paused: true, state: "paused", since: new Date(now - 3.6e6).toISOString() },
      ],
    }],
  },
  {
    id: "h7", label: "Nhà 07, thôn Nà Thử",
    devices: [{
      id: "UA7", fingerprint: "PLTW-93QZ", name: "hộp-07", linked: false, last_seen: new Date(now - 8e6).toISOString(),
      cameras: [{ id: "c7", label: "Nhà 07", consent: "clip", state: "wrong-password", since: new Date(now - 9e6).toISOString(), detail: "401 after two tries" }],
    }],
  },
  { id: "h9", label: "Nhà 09, thôn Nà Thử", devices: [] },
];
