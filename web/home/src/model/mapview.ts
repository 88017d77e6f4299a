// The window through which the map is looked at: a middle, and pixels per metre.
// Flat coordinates around one origin are exact enough for a commune.
import type { MapRoad, Position } from "../api/types";

const RAD = Math.PI / 180;
const EARTH = 6371008.8; // metres

export type Flat = { x: number; y: number }; // metres to the east and to the south
export type Window = { middle: Flat; scale: number }; // px per metre
export type Size = { width: number; height: number };

export const scales: readonly [number, number] = [0.002, 8];

export class Plane {
  constructor(readonly origin: Position) {}

  flat(p: Position): Flat {
    const k = EARTH * RAD;
    return { x: (p.lon - this.origin.lon) * Math.cos(this.origin.lat * RAD) * k, y: -(p.lat - this.origin.lat) * k };
  }

  position({ x, y }: Flat): Position {
    const k = EARTH * RAD;
    return { lon: this.origin.lon + x / (k * Math.cos(this.origin.lat * RAD)), lat: this.origin.lat - y / k };
  }

  /** The d of an SVG path in metres. */
  path(line: readonly (readonly number[])[]): string {
    return line
      .map(([lon, lat], i) => {
        const { x, y } = this.flat({ lon: lon!, lat: lat! });
        return `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
      })
      .join("");
  }
}

export function toPixel(w: Window, size: Size, at: Flat): Flat {
  return { x: (at.x - w.middle.x) * w.scale + size.width / 2, y: (at.y - w.middle.y) * w.scale + size.height / 2 };
}

export function toFlat(w: Window, size: Size, px: Flat): Flat {
  return { x: (px.x - size.width / 2) / w.scale + w.middle.x, y: (px.y - size.height / 2) / w.scale + w.middle.y };
}

/** Nearer or farther, the place under a pixel staying there. */
export function zoomed(w: Window, size: Size, factor: number, about: Flat = { x: size.width / 2, y: size.height / 2 }): Window {
  const scale = Math.min(scales[1], Math.max(scales[0], w.scale * factor));
  const fixed = toFlat(w, size, about);
  return {
    scale,
    middle: { x: fixed.x - (about.x - size.width / 2) / scale, y: fixed.y - (about.y - size.height / 2) / scale },
  };
}

export const panned = (w: Window, dx: number, dy: number): Window => ({
  ...w,
  middle: { x: w.middle.x - dx / w.scale, y: w.middle.y - dy / w.scale },
});

/** All of the points with a margin, in pixels. */
export function fitted(points: Flat[], size: Size, margin = 36): Window {
  const xs = points.map((p) => p.x);
  const ys = points.map((p) => p.y);
  const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = (length: number) => Math.max(40, length - 2 * margin);
  const scale = Math.min(room(size.width) / Math.max(20, east - west), room(size.height) / Math.max(20, south - north));
  return { middle: { x: (west + east) / 2, y: (north + south) / 2 }, scale: Math.min(scales[1], Math.max(scales[0], scale)) };
}

/** The longest round length that is at most so many pixels wide. */
export function bar(scale: number, most: number): { metres: number; width: number } {
  const all = [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
  const metres = all.filter((m) => m * scale <= most).at(-1) ?? 1;
  return { metres, width: metres * scale };
}

export type Label = { name: string; x: number; y: number; angle: number };

/** One name a road, in the middle of its longest visible run, where it fits; keepOff is a circle in pixels with the cone in it. */
export function labels(roads: MapRoad[], plane: Plane, w: Window, size: Size, keepOff?: Flat & { r: number }): Label[] {
  const out: Label[] = [];
  const named = new Set<string>();
  for (const road of roads) {
    if (!road.name || named.has(road.name)) continue;
    const line = road.line.map(([lon, lat]) => toPixel(w, size, plane.flat({ lon: lon!, lat: lat! })));
    const needs = road.name.length * 7.2 + 6;
    const found = middleOf(longestRun(line, size, keepOff), needs) ?? middleOf(longestRun(line, size), needs);
    if (!found || out.some((l) => Math.hypot(l.x - found.x, l.y - found.y) < 64)) continue;
    named.add(road.name);
    out.push({ name: road.name, ...found });
  }
  return out;
}

/** The longest part of a line that stands within the window, cut finely enough for labels. */
function longestRun(line: Flat[], size: Size, keepOff?: Flat & { r: number }): Flat[] {
  let best: Flat[] = [];
  let run: Flat[] = [];
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1]!, line[i]!];
    const parts = Math.min(400, Math.max(1, Math.ceil(Math.hypot(b.x - a.x, b.y - a.y) / 12)));
    for (let k = i === 1 ? 0 : 1; k <= parts; k++) {
      const p = { x: a.x + ((b.x - a.x) * k) / parts, y: a.y + ((b.y - a.y) * k) / parts };
      const within = p.x > 8 && p.y > 8 && p.x < size.width - 8 && p.y < size.height - 8;
      if (within && !(keepOff && Math.hypot(p.x - keepOff.x, p.y - keepOff.y) < keepOff.r)) run.push(p);
      else run = [];
      if (run.length > best.length) best = run;
    }
  }
  return best;
}

function middleOf(run: Flat[], needs: number): { x: number; y: number; angle: number } | null {
  const lengths = run.slice(1).map((p, i) => Math.hypot(p.x - run[i]!.x, p.y - run[i]!.y));
  const whole = lengths.reduce((a, b) => a + b, 0);
  if (whole < needs) return null;
  const at = (wanted: number): Flat => {
    let done = 0;
    for (let i = 0; i < lengths.length; i++) {
      done += lengths[i]!;
      if (done >= wanted) return run[i + 1]!;
    }
    return run.at(-1)!;
  };
  // The chord of where the name will stand gives its slope.
  const [a, m, b] = [at(whole / 2 - needs / 2), at(whole / 2), at(whole / 2 + needs / 2)];
  let angle = (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
  if (angle > 90) angle -= 180;
  if (angle < -90) angle += 180;
  return { x: m.x, y: m.y, angle: Math.round(angle) };
}
