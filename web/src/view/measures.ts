// What the kilometre stones of the roads say, for every view below the page that has
// the roads.
import { getContext, setContext } from "svelte";
import type { Measure, Road } from "../api/types";
import { plain } from "../model/km";

const key = Symbol("measures");

export function provideMeasures(roads: () => Road[]): void {
  setContext(key, (road: string) => roads().find((r) => r.id === road)?.measure ?? plain);
}

export const measures = (): ((road: string) => Measure) => getContext<((road: string) => Measure) | undefined>(key) ?? (() => plain);
