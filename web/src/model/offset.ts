// How far a clock is off, as people say it: the two greatest units that matter.
import { HOUR, MINUTE, SECOND } from "./time";

export type Unit = "day" | "hour" | "minute" | "second";
const DAY = 24 * HOUR;
const units: [Unit, number][] = [["day", DAY], ["hour", HOUR], ["minute", MINUTE], ["second", SECOND]];

/** Under this nobody need know. */
export const EXACT = 2 * SECOND;

/** The sign is "+" or "−" (U+2212); −7 min 12 s is ["−", [[7, "minute"], [12, "second"]]]. */
export function offsetParts(ms: number): { sign: "+" | "−"; parts: [number, Unit][] } {
  let left = Math.round(Math.abs(ms) / SECOND) * SECOND;
  const first = Math.max(0, units.findIndex(([, size]) => left >= size));
  // The second unit is rounded to, so that 59 min 59 s of a day do not hang about.
  const least = units[Math.min(first + 1, units.length - 1)]![1];
  left = Math.round(left / least) * least;
  const parts: [number, Unit][] = [];
  for (const [unit, size] of units) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push([n, unit]);
  }
  return { sign: ms < 0 ? "−" : "+", parts: parts.length > 0 ? parts : [[0, "second"]] };
}
