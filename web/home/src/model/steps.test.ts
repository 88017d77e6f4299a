import { expect, test } from "vitest";
import type { Step } from "../api/types.ts";
import { allowed, before, readHash, writeHash, type Place } from "./steps.ts";
import { drop, load, save } from "./draft.ts";
import { preselected, shortNetwork } from "./networks.ts";

test.each<[Place | null, Step, boolean, Place]>([
  [null, "aim", false, "aim"],
  ["find", "aim", false, "find"], // a way back
  ["consent", "aim", false, "aim"], // no way ahead
  ["done", "aim", false, "aim"],
  ["done", "pair", true, "pair"],
  ["done", "choose", true, "done"], // a new recorder may wait, the pause may not
  ["done", "selftest", true, "done"],
  [null, "choose", true, "done"],
  [null, "pair", true, "pair"],
  ["aim", "done", true, "aim"],
  ["done", "done", true, "done"],
])("asked for %s while %s is open (shared: %s): %s", (asked, first, shared, wanted) => expect(allowed(asked, first, shared)).toBe(wanted));

test("the address says where one stands", () => {
  expect(readHash(writeHash("aim", "a/b c"))).toEqual({ place: "aim", camera: "a/b c" });
  expect(readHash("#pair")).toEqual({ place: "pair", camera: "" });
  expect(readHash("#nothing")).toBeNull();
  expect(readHash("")).toBeNull();
  expect([before("find"), before("pair")]).toEqual(["pair", null]);
});

function store() {
  const kept = new Map<string, string>();
  return { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v), removeItem: (k: string) => void kept.delete(k) };
}

test("what was set while aiming comes back after a reload, once", () => {
  const s = store();
  const draft = { part: "outline" as const, view: null, outline: [{ x: 0.1, y: 0.2 }], label: "Cổng", before: true };
  save(s, "c1", draft);
  expect(load(s, "c1")).toEqual(draft);
  expect(load(s, "c2")).toBeNull();
  drop(s, "c1");
  expect(load(s, "c1")).toBeNull();
});

test("a draft that cannot be read, or a full store, loses nothing else", () => {
  const s = store();
  for (const text of ["{", "null", '{"part":"x"}', "[]"]) {
    s.setItem("xulang.aim.c1", text);
    expect(load(s, "c1")).toBeNull();
  }
  save({ ...s, setItem: () => { throw new Error("full"); } }, "c1", { part: "map", view: null, outline: [], label: "", before: null });
});

test("networks as people know them, and which are ticked", () => {
  expect(shortNetwork("192.168.1.0/24")).toBe("192.168.1.x");
  expect(shortNetwork("10.0.0.0/25")).toBe("10.0.0.0/25");
  expect(shortNetwork("fd00::/64")).toBe("fd00::/64");
  expect(preselected(["192.168.1.0/24", "10.8.0.0/24"], [])).toEqual(["192.168.1.0/24"]);
  expect(preselected(["10.8.0.0/24"], [])).toEqual(["10.8.0.0/24"]);
  expect(preselected(["10.8.0.0/24", "172.17.0.0/24"], [])).toEqual([]);
  expect(preselected(["192.168.1.0/24", "10.8.0.0/24"], ["10.8.0.0/24"])).toEqual(["10.8.0.0/24"]);
});
