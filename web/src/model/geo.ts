// Lines, distances and view cones on the earth. Points are [lon, lat] degrees,
// lengths are metres; exact enough for the few kilometres of a commune.
import type { Position, Road, View } from "../api/types";

export type Point = [number, number];

const EARTH = 6371008.8; // metres, mean radius (IUGG R1), as in the hub
const RAD = Math.PI / 180;

/** Great-circle distance (haversine). */
export function distance(a: Point, b: Point): number {
  const s = Math.sin(((b[1] - a[1]) * RAD) / 2);
  const t = Math.sin(((b[0] - a[0]) * RAD) / 2);
  return 2 * EARTH * Math.asin(Math.min(1, Math.hypot(s, t * Math.sqrt(Math.cos(a[1] * RAD) * Math.cos(b[1] * RAD)))));
}

/** The point some metres ahead on a heading (degrees from true north). */
export function ahead(p: Position, heading: number, metres: number): Point {
  const dLat = (metres * Math.cos(heading * RAD)) / EARTH;
  const dLon = (metres * Math.sin(heading * RAD)) / (EARTH * Math.cos(p.lat * RAD));
  return [p.lon + dLon / RAD, p.lat + dLat / RAD];
}

/** The closed ring of what a view sees: the camera, then an arc of its range. */
export function cone(view: View): Point[] {
  const at: Point = [view.position.lon, view.position.lat];
  const pieces = Math.max(2, Math.ceil(view.fov / 6));
  const ring: Point[] = [at];
  for (let i = 0; i <= pieces; i++) {
    const heading = view.heading - view.fov / 2 + (view.fov * i) / pieces;
    ring.push(ahead(view.position, heading, view.range));
  }
  ring.push(at);
  return ring;
}

/** The points of a line as the API sends them; malformed ones are left out. */
export function points(line: number[][]): Point[] {
  return line.filter((p) => p.length >= 2).map((p) => [p[0]!, p[1]!]);
}

/**
 * The part of a road between two marks. The road's stated length is what the
 * hub measures with, so our own sum of distances is scaled to it.
 */
export function slice(road: Pick<Road, "line" | "length">, from: number, to: number): Point[] {
  const line = points(road.line);
  const own = line.slice(1).reduce((sum, p, i) => sum + distance(line[i]!, p), 0);
  if (line.length < 2 || own === 0) return [];
  const scale = road.length > 0 ? road.length / own : 1;
  const out: Point[] = [];
  let done = 0;
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1]!, line[i]!];
    const length = distance(a, b) * scale;
    const mark = (m: number): Point => {
      const f = length === 0 ? 0 : (m - done) / length;
      return [a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f];
    };
    if (done + length >= from && done <= to) {
      if (out.length === 0) out.push(mark(Math.max(from, done)));
      out.push(mark(Math.min(to, done + length)));
    }
    done += length;
  }
  return out;
}

/** The place of a mark on a road. */
export function placeAt(road: Pick<Road, "line" | "length">, metres: number): Point | null {
  return slice(road, metres, metres)[0] ?? null;
}

/**
 * The mark on a road nearest to a place, to the metre and never beyond its end, and how
 * many metres away that is; null of a road without a line. Near the place the earth is flat.
 */
export function nearest(road: Pick<Road, "line" | "length">, p: Position): { metre: number; away: number } | null {
  const line = points(road.line);
  const flat = ([lon, lat]: Point): Point => [(lon - p.lon) * RAD * EARTH * Math.cos(p.lat * RAD), (lat - p.lat) * RAD * EARTH];
  let [mark, away, done] = [0, Infinity, 0];
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [flat(line[i - 1]!), flat(line[i]!)];
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const square = dx * dx + dy * dy;
    const f = square === 0 ? 0 : Math.min(1, Math.max(0, -(a[0] * dx + a[1] * dy) / square));
    const far = Math.hypot(a[0] + f * dx, a[1] + f * dy);
    const length = distance(line[i - 1]!, line[i]!);
    if (far < away) [mark, away] = [done + f * length, far];
    done += length;
  }
  if (done === 0) return null;
  const length = road.length > 0 ? road.length : done;
  return { metre: Math.min(Math.round((mark / done) * length), length), away };
}

/** West, south, east, north of everything given; null when nothing is. */
export function bounds(lines: Point[][]): [number, number, number, number] | null {
  const all = lines.flat();
  if (all.length === 0) return null;
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of all) {
    box[0] = Math.min(box[0], lon);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lon);
    box[3] = Math.max(box[3], lat);
  }
  return box;
}
