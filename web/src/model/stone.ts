// Noting what one kilometre stone of a road says: where it stands, which way the
// kilometres run, and what the ends of the road read then.
import type { Measure, Position, Road } from "../api/types";
import { distance, nearest, points, type Point } from "./geo";
import { formatKm, parseKm, plain, stoneAt } from "./km";

/** Metres between a road and a place that is still meant to be on it: a finger on a map of the whole commune. */
export const NEAR = 500;
/** The largest kilometre of a stone, as in the hub. */
export const MOST = 10000;
const MEETS = 25; // metres from an end at which another road begins or passes
const RING = 30; // metres between the ends of a line that goes nowhere

/** What a stone says, in kilometres; null when it is none. A stone has no sign before it. */
export function kilometreOf(text: string): number | null {
  const metres = text.trim().includes("-") ? null : parseKm(text, plain);
  return metres === null || metres > MOST * 1000 ? null : metres / 1000;
}

export const sides = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;
export type Side = (typeof sides)[number];

/** An end of a road, as people find it: on which side, and the named road that it meets. */
export type End = { side?: Side; meets?: string };

const nameOf = (r: Road) => r.name || r.ref || "";

function meets(road: Road, [lon, lat]: Point, roads: Road[]): string | undefined {
  let [name, away]: [string | undefined, number] = [undefined, MEETS];
  for (const other of roads) {
    if (other.id === road.id || !nameOf(other) || nameOf(other) === nameOf(road)) continue;
    const far = nearest(other, { lon, lat })?.away ?? Infinity;
    if (far < away) [name, away] = [nameOf(other), far];
  }
  return name;
}

/** The first and the last point of a road's line; a ring's ends lie on no side. */
export function endsOf(road: Road, roads: Road[]): [End, End] {
  const line = points(road.line);
  const [a, b] = [line[0], line.at(-1)];
  if (!a || !b) return [{}, {}];
  const east = (b[0] - a[0]) * Math.cos((a[1] * Math.PI) / 180);
  const eighth = Math.round(Math.atan2(east, b[1] - a[1]) / (Math.PI / 4));
  const side = (turn: number) => (distance(a, b) < RING ? undefined : sides[(eighth + turn + 8) % 8]);
  return [{ side: side(4), meets: meets(road, a, roads) }, { side: side(0), meets: meets(road, b, roads) }];
}

/** Where the stone stands: at an end of the line, or at a place near it. */
export type Spot = "first" | "last" | Position;
export type Standing = { metre: number; away: number };

/** null when no place was given, or the road has no line. */
export function standingOf(road: Road, spot: Spot | null): Standing | null {
  if (spot === "first") return { metre: 0, away: 0 };
  if (spot === "last") return { metre: road.length, away: 0 };
  return spot && nearest(road, spot);
}

/** What the two ends of the road read. */
export const endStones = (road: Pick<Road, "length">, m: Measure): [string, string] => [formatKm(0, m), formatKm(road.length, m)];

/** Whether an end would read less than nothing: mostly the kilometres run the other way. */
export const belowZero = (road: Pick<Road, "length">, m: Measure): boolean => Math.round(Math.min(stoneAt(0, m), stoneAt(road.length, m))) < 0;
