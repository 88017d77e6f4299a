import { expect, test } from "vitest";
import { activityAt, columns, nextMoving, valuesOf } from "./activity";

const answer = { step_ms: 1000, values: btoa(String.fromCharCode(0, 200, 255, 3, 0, 80)) };
const values = valuesOf(answer);

test("bytes of an answer, none without one", () => {
  expect([...values]).toEqual([0, 200, 255, 3, 0, 80]);
  expect(valuesOf(undefined).length).toBe(0);
});

test("the value of a time, 0 outside", () => {
  expect([5000, 6000, 6999, 11_000, 4000].map((at) => activityAt(values, 1000, 5000, at))).toEqual([0, 200, 200, 0, 0]);
});

test("columns stand on the bottom, noise is left out", () => {
  expect(columns(values)).toBe("M1 255V55h1V255zM2 255V0h1V255zM5 255V175h1V255z");
});

test("the next movement and the one before, by their begins", () => {
  expect(nextMoving(values, 1000, 5000, 5000, 1)).toBe(6000);
  expect(nextMoving(values, 1000, 5000, 6000, 1)).toBe(10_000);
  expect(nextMoving(values, 1000, 5000, 10_000, 1)).toBe(null);
  expect(nextMoving(values, 1000, 5000, 10_000, -1)).toBe(6000);
  expect(nextMoving(new Uint8Array(), 1000, 5000, 6000, 1)).toBe(null);
});
