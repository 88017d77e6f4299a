import { expect, test } from "vitest";
import type { Household, Upkeep } from "../api/types";
import { HOUR, MINUTE, rfc3339 } from "./time";
import { keptDays, remediesOf, repaired, troubles, unsentSince } from "./upkeep";

const now = Date.UTC(2026, 10, 22, 7);
const ago = (length: number) => rfc3339(now - length);
const well: Upkeep = {
  keep: [{ days: 14, cameras: 18 }],
  expired: { day: { segments: 0, size: 0 }, month: { segments: 0, size: 0 }, unproved: 3 },
  index: { open: 400, oldest: ago(HOUR + 30 * MINUTE), unsent: 0 },
  database: 1e8,
  snapshot: { at: ago(9 * MINUTE), size: 1e6 },
  check: { depth: 1, began: ago(13 * HOUR), ended: ago(12 * HOUR), segments: 10, objects: 10, stored: 10, size: 10, clean: true, findings: [{ kind: "missing", count: 2, repaired: 2 }] },
};
const check = (over: Partial<NonNullable<Upkeep["check"]>>): Upkeep => ({ ...well, check: { ...well.check!, ...over } });
const kinds = (u: Upkeep, unsent: number | null = null) => troubles(u, unsent, now).map((x) => (x.is === "finding" ? `${x.kind} ${x.count} ${x.remedy}` : x.is));

test("all is well: nothing to say, what was mended is no trouble", () => {
  expect(kinds(well)).toEqual([]);
  expect(repaired(well)).toBe(2);
});

test.each<[string, Upkeep, string[]]>([
  ["no snapshot", { ...well, snapshot: undefined }, ["no-snapshot"]],
  ["an hour-old snapshot", { ...well, snapshot: { at: ago(HOUR), size: 1 } }, []],
  ["an older one", { ...well, snapshot: { at: ago(HOUR + 1), size: 1 } }, ["old-snapshot"]],
  ["an hour that is not folded", { ...well, index: { open: 1, oldest: ago(2 * HOUR + 1), unsent: 0 } }, ["folding"]],
  ["a check of yesterday", check({ ended: ago(36 * HOUR) }), []],
  ["a missed night", check({ ended: ago(36 * HOUR + 1) }), ["old-check"]],
  ["a check is still to come", { ...well, check: undefined }, []],
  ["findings", check({ clean: false, findings: [{ kind: "missing", count: 5, repaired: 2 }, { kind: "wrong-bytes", count: 1, repaired: 0 }, { kind: "orphan", count: 7, repaired: 0 }] }), ["missing 3 repair", "wrong-bytes 1 person", "orphan 7 orphans"]],
])("%s", (_, u, want) => expect(kinds(u)).toEqual(want));

test("findings stand first, and each remedy once", () => {
  const u = { ...check({ findings: [{ kind: "missing", count: 1, repaired: 0 }, { kind: "wrong-size", count: 1, repaired: 0 }, { kind: "leftover", count: 1, repaired: 0 }] }), snapshot: undefined };
  expect(kinds(u)).toEqual(["missing 1 repair", "wrong-size 1 person", "leftover 1 repair", "no-snapshot"]);
  expect(remediesOf(troubles(u, null, now))).toEqual(["repair", "person"]);
});

test("facts that wait are trouble when they wait long", () => {
  const waiting = { ...well, index: { open: 0, unsent: 4 } };
  const since = unsentSince(null, waiting, now);
  expect([since, unsentSince(since, waiting, now + MINUTE), unsentSince(since, well, now + MINUTE)]).toEqual([now, now, null]);
  expect([kinds(waiting, now), kinds(waiting, now - 10 * MINUTE), kinds(waiting, now - 10 * MINUTE - 1)]).toEqual([[], [], ["unsent"]]);
});

test("days of a household, of boxes that belong to it", () => {
  const camera = (keep_days?: number) => ({ id: "c", label: "c", consent: "clip" as const, state: "recording", keep_days });
  const box = { id: "d", fingerprint: "f", name: "d", linked: true };
  const home = (devices: Household["devices"]): Household => ({ id: "h", label: "h", devices });
  expect(keptDays(home([{ ...box, cameras: [camera(14), camera(7), camera(), camera(7)] }, { ...box, left: true, cameras: [camera(30)] }]))).toEqual([7, 14]);
  expect(keptDays(home([]))).toEqual([]);
});
