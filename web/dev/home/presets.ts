// A made-up household for the mock agent, at every point of its way. No place, no person.
import type { Ask, Camera, Channel, MapRoad, Recorder, SelfTest, Sight, State, Step, TestLine, View } from "../../home/src/api/types.ts";
import { seenPieces } from "../../home/src/model/cone.ts";
import { ahead, distance, type Point } from "../../src/model/geo.ts";
import { roads as hubRoads } from "../fixtures.ts";

export const roads: MapRoad[] = hubRoads.map(({ id, name, class: kind, line }) => ({ id, name, class: kind, line: line as number[][] }));
const main = roads[0]!.line as Point[];
const at = ahead({ lon: main[20]![0], lat: main[20]![1] }, 135, 16);
export const place = { lon: at[0], lat: at[1] };

const day = 86_400_000;
export const iso = (ms: number) => new Date(ms).toISOString();
const ago = (ms: number) => iso(Date.now() - ms);

/** The hub's answer to a view, near enough. */
export function sights(view: View): Sight[] {
  const seen = roads.map((road) => ({ road, metres: seenPieces(view, road).reduce((sum, l) => sum + l.slice(1).reduce((s, p, i) => s + distance(l[i]!, p), 0), 0) }));
  const up = Math.cos(((view.heading - 60) * Math.PI) / 180);
  return seen
    .filter((s) => s.metres >= 5)
    .sort((a, b) => b.metres - a.metres)
    .map(({ road, metres }) => ({
      road: road.id, name: road.name, metres, facing: Math.abs(up) < 0.4 ? ("across" as const) : up > 0 ? ("up" as const) : ("down" as const),
      ...(road.id === "r4a" ? { toward: up > -0.4 ? "Na Sầm" : "Tân Mỹ", back: up > -0.4 ? "Tân Mỹ" : "Na Sầm", side: "right" as const } : {}),
    }));
}

export const scenes = ["road.jpg", "bend-h264.mp4", "yard.jpg", "", "yard-h265.mp4", "yard.jpg"];

export function recorder(password: string): Recorder {
  const names = ["Cổng trước", "Góc phải", "Sân", "Kênh trống", "Nhà kho", ""];
  const channels: Channel[] = names.map((name, number) => ({ number, name, chosen: false, online: scenes[number] !== "" }));
  return {
    id: "rec1", address: "192.168.1.64", brand: "Hikvision", model: "DS-7608NI", serial: "4471", clock_ahead_s: -420, past: true, past_from: ago(6.3 * day),
    default_password: password === "12345", channels,
  };
}

export const camera = (id: string, label: string, channel: number): Camera => ({ id, label, recorder: "rec1", channel, consent: { level: "none" }, state: "off" });

export const view = (heading: number): View => ({ position: place, heading, fov: 80, range: 60 });

export const lines: TestLine[] = [
  { name: "clock", ok: true, number: 0.2 },
  { name: "own", camera: "Hikvision", ok: true, number: -420 },
  { name: "record", camera: "Cổng trước", ok: true, number: 20 },
  { name: "record", camera: "Góc phải", ok: true, number: 20 },
  { name: "past", camera: "Cổng trước", ok: true, number: 60 },
  { name: "uplink", ok: true, number: 1_450_000 },
  { name: "disk", ok: true, number: 3.4 },
];
export const redLines: TestLine[] = lines.map((l, i) =>
  i === 3 ? { ...l, ok: false, fix: "camera-off", number: 0 } : i === 4 ? { ...l, ok: false, fix: "no-footage", number: 0 } : l,
);

const asks: Ask[] = [
  { id: "w1", camera: "Cổng trước", from: ago(3.2 * 3.6e6), to: ago(2.7 * 3.6e6), purpose: "criminal", unit: "Công an xã Mẫu", case: "12/2026/HS", asked: ago(6e5), until: ago(-23 * 3.6e6) },
  { id: "w0", camera: "Góc phải", from: ago(3 * day), to: ago(3 * day - 6e5), purpose: "missing", unit: "Công an xã Mẫu", case: "11/2026/MT", asked: ago(2.9 * day), until: ago(1.9 * day), answer: "granted" },
];

const words = "Camera: Cổng trước.\nKhi có vụ việc, cán bộ xem được ảnh, và video của những phút mà gia đình bấm Cho xem.\nIm lặng 24 giờ là không cho. Không bao giờ xem trực tiếp.\nCho mọi loại vụ việc.\nMọi giờ trong ngày.\nKhông ghi tiếng.";

export const blank = (): State => ({
  step: "pair", fingerprint: "K7QD-3F2M-9XTA", linked: false, version: "0.4.0", networks: { offered: ["192.168.1.0/24", "10.8.0.0/24"], confirmed: [] }, recorders: [], cameras: [], requests: [], keep: 14,
});

/** The first step that is not done, as the agent computes it. */
export function stepOf(s: State, found: boolean): Step {
  if (!s.member) return "pair";
  if (s.recorders.length === 0 || !found) return "find";
  if (!s.cameras.length) return "choose";
  if (s.cameras.some((c) => !c.view)) return "aim";
  if (s.cameras.some((c) => !c.receipt)) return "consent";
  return s.selftest && !s.selftest.running ? "done" : "selftest";
}

/** A household that has come so far. */
export function preset(name: string): State {
  const s = blank();
  const reach = ["pair", "find", "search", "choose", "aim", "consent", "selftest", "red", "home", "quarantined"].indexOf(name);
  if (reach >= 1) Object.assign(s, { member: { label: "Nhà Mẫu 07", hub: "https://hub.xa-mau.example", joined: ago(day) }, linked: true });
  if (reach >= 2) s.networks.confirmed = ["192.168.1.0/24"];
  if (reach >= 3) s.recorders = [recorder("")];
  if (reach >= 4) {
    s.cameras = [camera("c1", "Cổng trước", 0), camera("c2", "Góc phải", 1)];
    for (const c of s.cameras) s.recorders[0]!.channels[c.channel] = { ...s.recorders[0]!.channels[c.channel]!, chosen: true, camera: c.id };
  }
  if (reach >= 5) for (const [i, c] of s.cameras.entries()) Object.assign(c, { view: view(i ? 225 : 325), sights: sights(view(i ? 225 : 325)), outline: [] });
  if (reach >= 6) {
    for (const [i, c] of s.cameras.entries()) {
      c.consent = { level: i ? "clip" : "ask", until: iso(Date.now() + 364.5 * day) };
      c.receipt = { number: `BN-2026-00${41 + i}`, at: ago(day), level: c.consent.level, text: "2026-11", words };
      Object.assign(c, { state: "recording", verified: ago(9000), past_from: ago(6.3 * day) });
    }
  }
  if (reach >= 7) s.selftest = { running: false, at: ago(day), told: true, lines: name === "red" ? redLines : lines } satisfies SelfTest;
  if (reach >= 8) {
    Object.assign(s, { requests: structuredClone(asks), disk_days: 3.4 });
    Object.assign(s.cameras[1]!, { state: "camera-off", since: ago(8 * 6e4), watched: false });
    s.cameras[0]!.watched = true;
  }
  if (name === "quarantined") Object.assign(s, { trouble: "quarantined", linked: false });
  s.step = stepOf(s, true);
  return s;
}
