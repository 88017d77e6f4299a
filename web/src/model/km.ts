// Marks along a road, written as on Vietnamese kilometre stones: "km 12+350". The hub
// counts metres from the first point of a road's line; the stones say what its Measure
// makes of them.
import type { Measure, Seen } from "../api/types";

/** Kilometre 0 at metre 0, rising: of a road whose stones nobody has noted. */
export const plain: Measure = { metre: 0, kilometre: 0, falling: false };

const way = (m: Measure): 1 | -1 => (m.falling ? -1 : 1);

/** What a stone at that metre says, in metres. */
export const stoneAt = (metre: number, m: Measure): number => m.kilometre * 1000 + way(m) * (metre - m.metre);

/** The metre at which a stone says that. */
export const metreAt = (stone: number, m: Measure): number => m.metre + way(m) * (stone - m.kilometre * 1000);

/** What lies before kilometre 0 has its sign before the whole: "km -0+300". */
export function formatKm(metre: number, m: Measure): string {
  const stone = Math.round(stoneAt(metre, m));
  const [whole, sign] = [Math.abs(stone), stone < 0 ? "-" : ""];
  const km = Math.floor(whole / 1000);
  return `km ${sign}${km}+${String(whole - km * 1000).padStart(3, "0")}`;
}

/** Only the number, for an input: "12+350". */
export function kmInput(metre: number, m: Measure): string {
  return formatKm(metre, m).slice(3);
}

/** The way along the road in which a camera looks, as the stones count. */
export function facingBy(facing: Seen["facing"], m: Measure): Seen["facing"] {
  if (!m.falling || facing === "across") return facing;
  return facing === "up" ? "down" : "up";
}

/** 350 m, 2,4 km */
export function formatMetres(metres: number, decimal: "," | "."): string {
  if (metres < 1000) return `${Math.round(metres)} m`;
  return `${(metres / 1000).toFixed(1).replace(".", decimal)} km`;
}

/** Reads "12+350", "km 12+350", "12,35", "12.35" or "-0+300" as the metre of the road; null when it is none. */
export function parseKm(text: string, m: Measure): number | null {
  const bare = text.trim().toLowerCase().replace(/^km\s*/, "");
  const [sign, number] = bare.startsWith("-") ? [-1, bare.slice(1)] : [1, bare];
  const stone = /^(\d{1,5})\s*\+\s*(\d{1,3})$/.exec(number);
  if (stone) return metreAt(sign * (Number(stone[1]) * 1000 + Number(stone[2])), m);
  if (!/^\d{1,5}([.,]\d{1,3})?$/.test(number)) return null;
  return metreAt(sign * Math.round(Number(number.replace(",", ".")) * 1000), m);
}

/** The stretch between two typed stones, in either order; null when they are none, or one. */
export function stretchOf(a: string, b: string, m: Measure): { from: number; to: number } | null {
  const [x, y] = [parseKm(a, m), parseKm(b, m)];
  return x === null || y === null || x === y ? null : { from: Math.min(x, y), to: Math.max(x, y) };
}
