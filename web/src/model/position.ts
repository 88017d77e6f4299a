// A place as people type it: two decimal numbers, with a point or a comma.
import type { Position } from "../api/types";

const degrees = (text: string): number => (/^[+-]?\d{1,3}([.,]\d{1,12})?$/.test(text.trim()) ? Number(text.trim().replace(",", ".")) : NaN);

/** null when it is no place on the earth. */
export function parsePosition(lat: string, lon: string): Position | null {
  const [y, x] = [degrees(lat), degrees(lon)];
  return Math.abs(y) <= 90 && Math.abs(x) <= 180 ? { lat: y, lon: x } : null;
}

/** Whether the numbers make sense the other way round, in Vietnam. */
export function swapped(lat: string, lon: string): boolean {
  const other = parsePosition(lon, lat);
  return other !== null && other.lat > 8 && other.lat < 24 && other.lon > 102 && other.lon < 110;
}

/** The two numbers of "22.0213, 106.6120" or "22,0213; 106,6120", as map programs copy them. */
export function splitPair(text: string): [lat: string, lon: string] | null {
  const parts = text.trim().split(/\s*;\s*|,\s+|\s+/);
  return parts.length === 2 && parsePosition(parts[0]!, parts[1]!) ? [parts[0]!, parts[1]!] : null;
}

/** Five digits: a metre. */
export function formatDegrees(n: number, comma: boolean): string {
  const text = n.toFixed(5);
  return comma ? text.replace(".", ",") : text;
}
