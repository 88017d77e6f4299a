import { describe, expect, test } from "vitest";
import { formatDateTime, formatLength, formatTimeMillis, MINUTE, parseTyped, ticks } from "./time";

// 00:30 on 1 January in Vietnam is still the old year in UTC.
const newYear = Date.UTC(2025, 11, 31, 17, 30, 5);
const now = Date.UTC(2026, 10, 22, 7, 0, 0); // 22/11/2026 14:00:00 in Vietnam

describe("formatting in Vietnam time", () => {
  test.each([
    [newYear, "01/01/2026 00:30:05"],
    [Date.UTC(2026, 10, 22, 7, 5, 9), "22/11/2026 14:05:09"],
    [Date.UTC(2026, 1, 28, 17, 0, 0), "01/03/2026 00:00:00"],
  ])("%d", (at, text) => expect(formatDateTime(at)).toBe(text));

  test("milliseconds", () => expect(formatTimeMillis(now + 49.6)).toBe("14:00:00.050"));
  test.each([[-5, "0:00"], [309_000, "5:09"], [3_909_000, "1:05:09"]])("length %d", (l, text) => expect(formatLength(l)).toBe(text));
});

describe("typed times", () => {
  test.each([
    ["22/11/2026 14:05:09", Date.UTC(2026, 10, 22, 7, 5, 9)],
    ["1/1/2026 0:30:05", newYear],
    ["22/11 13:05", Date.UTC(2026, 10, 22, 6, 5)],
    ["  21-11-2026,  13:05 ", Date.UTC(2026, 10, 21, 6, 5)],
    ["13:05", Date.UTC(2026, 10, 22, 6, 5)],
    ["13h05", Date.UTC(2026, 10, 22, 6, 5)],
    ["15:00", Date.UTC(2026, 10, 21, 8, 0)], // still to come today: yesterday
  ])("%s", (text, at) => expect(parseTyped(text, now)).toBe(at));

  test.each(["", "14", "25:00", "14:60", "31/2/2026 10:00", "0/5/2026 10:00", "5/13/2026 10:00", "2026-11-22T14:05", "abc"])(
    "%s is none",
    (text) => expect(parseTyped(text, now)).toBeNull(),
  );

  test("what is written is read back", () => expect(parseTyped(formatDateTime(newYear), now)).toBe(newYear));
});

test("ticks are round in Vietnam time and not too many", () => {
  const list = ticks(now + 7000, now + 60 * MINUTE, 8);
  expect(list.length).toBeLessThanOrEqual(8);
  expect(list[0]).toBe(now + 10 * MINUTE);
  expect(ticks(now, now + 48 * 60 * MINUTE, 3).every((at) => formatDateTime(at).endsWith("00:00"))).toBe(true);
});
