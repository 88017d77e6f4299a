// The view of a camera as a cone that a hand turns, widens, lengthens and moves.
// Headings are degrees clockwise from true north, lengths metres; every change
// keeps the limits of the API.
import { ahead, distance, type Point as LonLat } from "../../../src/model/geo.ts";
import type { MapRoad, Position, View } from "../api/types";

const RAD = Math.PI / 180;
const EARTH = 6371008.8; // metres, mean radius, as in geo.ts

export const limits = { fov: [10, 180], range: [10, 200] } as const;

const clamp = (value: number, [low, high]: readonly [number, number]) => Math.min(high, Math.max(low, value));
const turn = (degrees: number) => ((degrees % 360) + 360) % 360;
/** −180 to 180 */
export const between = (from: number, to: number) => turn(to - from + 180) - 180;

/** A first guess at a house: what a usual 4 mm lens sees. */
export const startAt = (position: Position, heading: number): View => ({ position, heading, fov: 80, range: 60 });

export const turned = (v: View, by: number): View => ({ ...v, heading: turn(Math.round(v.heading + by)) });
export const widened = (v: View, by: number): View => ({ ...v, fov: clamp(Math.round(v.fov + by), limits.fov) });
export const reached = (v: View, by: number): View => ({ ...v, range: clamp(Math.round(v.range + by), limits.range) });
export const placed = (v: View, position: Position): View => ({ ...v, position });

/** Moved by metres to the east and to the north. */
export function moved(v: View, east: number, north: number): View {
  const dLat = north / EARTH / RAD;
  const dLon = east / (EARTH * Math.cos(v.position.lat * RAD)) / RAD;
  return { ...v, position: { lon: v.position.lon + dLon, lat: v.position.lat + dLat } };
}

/** Direction from one place to another; exact enough for hundreds of metres. */
export function bearing(a: Position, b: Position): number {
  const x = (b.lon - a.lon) * Math.cos(a.lat * RAD);
  return turn(Math.atan2(x, b.lat - a.lat) / RAD);
}

const metres = (a: Position, b: Position) => distance([a.lon, a.lat], [b.lon, b.lat]);

/** The far handle was dragged to a place: direction and range follow. */
export function pointed(v: View, to: Position): View {
  return { ...v, heading: turn(Math.round(bearing(v.position, to))), range: clamp(Math.round(metres(v.position, to)), limits.range) };
}

/** The side handle was dragged to a place: the cone opens to it, to both sides. */
export function spread(v: View, to: Position): View {
  return { ...v, fov: clamp(Math.round(Math.abs(between(v.heading, bearing(v.position, to))) * 2), limits.fov) };
}

const place = ([lon, lat]: LonLat): Position => ({ lon, lat });
export const farHandle = (v: View): Position => place(ahead(v.position, v.heading, v.range));
export const sideHandle = (v: View): Position => place(ahead(v.position, v.heading + v.fov / 2, v.range * 0.86));

const sees = (v: View, at: Position): boolean =>
  metres(v.position, at) <= v.range && Math.abs(between(v.heading, bearing(v.position, at))) <= v.fov / 2;

/** The pieces of a road inside of the cone, looked at every two metres. */
export function seenPieces(v: View, road: MapRoad): LonLat[][] {
  const pieces: LonLat[][] = [];
  let run: LonLat[] = [];
  const close = () => {
    if (run.length > 1) pieces.push(run);
    run = [];
  };
  for (let i = 1; i < road.line.length; i++) {
    const [a, b] = [road.line[i - 1] as LonLat, road.line[i] as LonLat];
    const length = distance(a, b);
    // A stretch that cannot reach the cone is not walked along.
    if (distance([v.position.lon, v.position.lat], a) > v.range + length) {
      close();
      continue;
    }
    const parts = Math.max(1, Math.ceil(length / 2));
    for (let k = i === 1 ? 0 : 1; k <= parts; k++) {
      const at: LonLat = [a[0] + ((b[0] - a[0]) * k) / parts, a[1] + ((b[1] - a[1]) * k) / parts];
      if (sees(v, place(at))) run.push(at);
      else close();
    }
  }
  close();
  return pieces;
}

/** The heading from a place to the nearest point of any road: a camera of a house on the road looks there. */
export function towardRoad(from: Position, roads: MapRoad[]): number | null {
  let best: { far: number; heading: number } | null = null;
  for (const road of roads) {
    for (let i = 1; i < road.line.length; i++) {
      const [a, b] = [road.line[i - 1] as LonLat, road.line[i] as LonLat];
      const k = Math.cos(from.lat * RAD);
      const [dx, dy] = [(b[0] - a[0]) * k, b[1] - a[1]];
      const along = ((from.lon - a[0]) * k * dx + (from.lat - a[1]) * dy) / (dx * dx + dy * dy || 1);
      const f = Math.min(1, Math.max(0, along));
      const at = { lon: a[0] + (b[0] - a[0]) * f, lat: a[1] + (b[1] - a[1]) * f };
      const far = metres(from, at);
      if (!best || far < best.far) best = { far, heading: Math.round(bearing(from, at)) };
    }
  }
  return best && best.far < 500 ? best.heading : null;
}

/** The eighth of the compass, from north clockwise. */
export const eighth = (heading: number): number => Math.round(turn(heading) / 45) % 8;
