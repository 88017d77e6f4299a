// The way through the page. The agent says which step is the first that is not
// done; the page may stand at an earlier one, or at the daily page.
import type { Step } from "../api/types";

export const steps = ["pair", "find", "choose", "aim", "consent", "selftest"] as const;
export type Place = Step;

const order: readonly Place[] = [...steps, "done"];

export const isPlace = (name: string): name is Place => (order as readonly string[]).includes(name);

/** The number of a step for people, from 1. */
export const numberOf = (place: Place): number => order.indexOf(place) + 1;

/** "#aim/camera" of the address. */
export function readHash(hash: string): { place: Place; camera: string } | null {
  const [place = "", camera = ""] = hash.replace(/^#/, "").split("/");
  return isPlace(place) ? { place, camera: decodeURIComponent(camera) } : null;
}

export const writeHash = (place: Place, camera = ""): string => `#${place}${camera ? `/${encodeURIComponent(camera)}` : ""}`;

/**
 * Where the page may stand when it is asked to stand somewhere: never beyond what
 * is done. Only the daily page, with its pause, is always there for who shares a
 * camera, and is where such a household comes in.
 */
export function allowed(asked: Place | null, first: Place, shared: boolean): Place {
  const daily = first === "done" || (shared && first !== "pair");
  if (!asked) return daily ? "done" : first;
  if (asked === "done") return daily ? "done" : first;
  return numberOf(asked) <= numberOf(first) ? asked : first;
}

/** The step before, for the way back. */
export function before(place: Place): Place | null {
  return order[order.indexOf(place) - 1] ?? null;
}
