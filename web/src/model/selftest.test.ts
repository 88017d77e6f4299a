import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { TestLine } from "../api/types";
import en from "../i18n/en.json";
import vi from "../i18n/vi.json";
import { fixKeys, redFirst } from "./selftest";

// What agent/setup/selftest.go can send: its own fixes, and what went wrong underneath.
const capture = ["camera-off", "wrong-password", "locked-out", "bad-codec", "no-key-frame", "agent-off", "clock-step", "disk", "held-full", "paused", "reconnect", "unreachable", "recorder-full", "outside-lan", "no-consent", "no-picture", "no-footage", "clock-skew"];
const fixes: Record<TestLine["name"], string[]> = {
  record: capture,
  past: [...capture, "too-many"],
  uplink: ["unreachable", "too-many", "unavailable", "quarantined", "forbidden", "bad-certificate"],
  clock: ["unreachable", "clock-skew"],
  own: ["clock-skew", "unreachable", "wrong-password", "locked-out", "recorder-full", "outside-lan"],
  disk: ["disk", "held-full"],
};
const all = (path: string, type: string) => [...readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8").matchAll(new RegExp(`${type}\\s*=\\s*"([a-z-]+)"`, "g"))].map((m) => m[1]!);

test.each(Object.entries(fixes))("each red %s has a sentence of its own in both languages", (name, codes) => {
  for (const fix of codes) {
    const key = fixKeys(name as TestLine["name"], fix).find((k) => k in vi);
    expect(`${fix}: ${key}`).not.toContain("fix.other");
    expect(en).toHaveProperty([key!]);
  }
});

test("any other code is named", () => {
  const codes = [...all("errors.go", "Code"), ...all("segment.go", "GapCause")];
  expect(codes.length).toBeGreaterThan(40);
  for (const fix of codes) expect(fixKeys("record", fix).some((k) => k in vi)).toBe(true);
  expect(fixKeys("record", undefined)).toEqual(["fix.other"]);
});

test("no sentence is for a code that does not exist", () => {
  const codes = new Set([...all("errors.go", "Code"), ...all("segment.go", "GapCause"), "other"]);
  for (const key of Object.keys(vi)) if (key.startsWith("fix.")) expect(codes).toContain(key.split(".").at(-1));
});

test("red lines stand first", () => {
  const line = (name: TestLine["name"], ok: boolean): TestLine => ({ name, ok });
  expect(redFirst([line("record", true), line("past", false), line("uplink", true), line("own", false)]).map((l) => l.name)).toEqual(["past", "own", "record", "uplink"]);
});
