import { expect, test } from "vitest";
import { byLevel, clockOf, levelFor } from "./consent";

test("a purpose has its own level, but never more than the whole", () => {
  const consent = { level: "clip" as const, for: { administrative: "none" as const, missing: "live" as const } };
  expect(levelFor(consent, "administrative")).toBe("none");
  expect(levelFor(consent, "missing")).toBe("clip");
  expect(levelFor({ level: "none", for: { emergency: "clip" } }, "emergency")).toBe("none");
});

test("levels with their purposes, the most first", () => {
  expect(byLevel({ level: "clip", for: { administrative: "stills", emergency: "ask" } })).toEqual([
    { level: "clip", purposes: ["criminal", "missing"] },
    { level: "ask", purposes: ["emergency"] },
    { level: "stills", purposes: ["administrative"] },
  ]);
  expect(byLevel({ level: "live" })).toHaveLength(1);
});

test.each([[0, "0:00"], [390, "6:30"], [1440, "24:00"]])("%d minutes", (m, text) => expect(clockOf(m)).toBe(text));
