// What was set while aiming, kept in the browser until it is accepted, so that a
// reload or a call in between loses nothing.
import type { Point, View } from "../api/types";

export type Part = "map" | "outline" | "accept";
export type Draft = { part: Part; view: View | null; outline: Point[]; label: string; before: boolean | null };

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;
const name = (camera: string) => `xulang.aim.${camera}`;

/** null when nothing was kept, or when it cannot be read. */
export function load(store: Kept, camera: string): Draft | null {
  try {
    const d = JSON.parse(store.getItem(name(camera)) ?? "null") as Draft | null;
    const good = d && ["map", "outline", "accept"].includes(d.part) && Array.isArray(d.outline) && typeof d.label === "string";
    return good ? d : null;
  } catch {
    return null;
  }
}

export function save(store: Kept, camera: string, draft: Draft): void {
  try {
    store.setItem(name(camera), JSON.stringify(draft));
  } catch {
    // A full or shut store costs the draft after a reload, nothing else.
  }
}

export const drop = (store: Kept, camera: string): void => store.removeItem(name(camera));
