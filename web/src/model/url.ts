// What a colleague needs to see the same: stretch, window, camera and time live
// in the address. Anything unreadable there is dropped, never guessed.
import type { Stretch } from "../api/types";

export type Look = {
  stretch: Stretch | null;
  window: { from: number; to: number } | null;
  camera: string | null;
  at: number | null;
};

export function readLook(query: string): Look {
  const q = new URLSearchParams(query);
  const number = (key: string): number | null => {
    const text = q.get(key);
    const n = text === null || text.trim() === "" ? NaN : Number(text);
    return Number.isFinite(n) ? n : null;
  };
  const time = (key: string): number | null => {
    const at = Date.parse(q.get(key) ?? "");
    return Number.isNaN(at) ? null : at;
  };
  const [road, a, b] = [q.get("road"), number("a"), number("b")];
  const [from, to] = [time("from"), time("to")];
  return {
    stretch: road && a !== null && b !== null && b > a ? { road, from: a, to: b } : null,
    window: from !== null && to !== null && to > from ? { from, to } : null,
    camera: q.get("camera"),
    at: time("at"),
  };
}

export function writeLook(look: Look): string {
  const q = new URLSearchParams();
  if (look.stretch) {
    q.set("road", look.stretch.road);
    q.set("a", String(Math.round(look.stretch.from)));
    q.set("b", String(Math.round(look.stretch.to)));
  }
  if (look.window) {
    q.set("from", new Date(look.window.from).toISOString());
    q.set("to", new Date(look.window.to).toISOString());
  }
  if (look.camera) q.set("camera", look.camera);
  if (look.at !== null) q.set("at", new Date(look.at).toISOString());
  const text = q.toString();
  return text ? `?${text}` : "";
}
