// How much moved, as the camera's coded pictures tell: a byte a step, 0 still … 255.
import type { Activity } from "../api/types";

/** From here on something moves that is worth a look; below it is leaves and noise. */
export const MOVING = 64;

/** The values of an answer, or none. */
export function valuesOf(activity: Activity | undefined): Uint8Array {
  return activity ? Uint8Array.from(atob(activity.values), (c) => c.charCodeAt(0)) : new Uint8Array();
}

/** The value at a time; 0 where nothing is known. */
export function activityAt(values: Uint8Array, step: number, from: number, at: number): number {
  return values[Math.floor((at - from) / step)] ?? 0;
}

/**
 * An SVG path in a box of one unit a value by 255, a column a value, that stands on
 * the bottom. Small values are left out: a strip full of grass says nothing.
 */
export function columns(values: Uint8Array): string {
  let path = "";
  for (let i = 0; i < values.length; i++) {
    const v = values[i]!;
    if (v >= MOVING / 4) path += `M${i} 255V${255 - v}h1V255z`;
  }
  return path;
}

/** The begin of the next moving stretch after a time (1) or of the one before (−1); null when there is none. */
export function nextMoving(values: Uint8Array, step: number, from: number, at: number, by: 1 | -1): number | null {
  const here = Math.floor((at - from) / step);
  const moves = (i: number) => (values[i] ?? 0) >= MOVING;
  for (let i = here + by; i >= 0 && i < values.length; i += by) {
    if (moves(i) && !moves(i - 1)) return from + i * step;
  }
  return null;
}
