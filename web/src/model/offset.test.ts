import { expect, test } from "vitest";
import { offsetParts } from "./offset";

test.each([
  [-420_000, "−7minute"],
  [-432_000, "−7minute12second"],
  [40_400, "+40second"],
  [3_725_000, "+1hour2minute"],
  [7 * 3_600_000 - 10_000, "+7hour"],
  [-86_400_000 * 3, "−3day"],
  [90_061_000, "+1day1hour"],
  [0, "+0second"],
  [300, "+0second"],
])("%d ms", (ms, words) => {
  const { sign, parts } = offsetParts(ms);
  expect(sign + parts.flat().join("")).toBe(words);
});
