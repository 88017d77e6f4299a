import { expect, test } from "vitest";
import { formatDegrees, parsePosition, splitPair, swapped } from "./position";

test.each([
  ["22,02130", "106,61200", { lat: 22.0213, lon: 106.612 }],
  [" 22.0213 ", "106.612", { lat: 22.0213, lon: 106.612 }],
  ["-5", "-170.5", { lat: -5, lon: -170.5 }],
  ["106.612", "22.0213", null],
  ["22.0213", "", null],
  ["22.0213.1", "106", null],
  ["91", "0", null],
])("%s %s", (lat, lon, at) => expect(parsePosition(lat, lon)).toEqual(at));

test("two numbers the wrong way round are told apart from nonsense", () => {
  expect([swapped("106.612", "22.0213"), swapped("200", "22"), swapped("22.0213", "106.612")]).toEqual([true, false, false]);
});

test.each([
  ["22.0213, 106.6120", ["22.0213", "106.6120"]],
  ["22,0213; 106,6120", ["22,0213", "106,6120"]],
  ["22.0213 106.6120", ["22.0213", "106.6120"]],
  ["22,0213", null],
  ["106.6120, 22.0213", null],
])("the pair %s", (text, pair) => expect(splitPair(text)).toEqual(pair));

test("what is shown can be typed", () => {
  expect(formatDegrees(22.021304, true)).toBe("22,02130");
  expect(parsePosition(formatDegrees(22.021304, true), formatDegrees(106.612, false))).toEqual({ lat: 22.0213, lon: 106.612 });
});
