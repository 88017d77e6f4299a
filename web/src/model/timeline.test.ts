import { describe, expect, test } from "vitest";
import { fraction, layout, marks, neighbour, scaleY } from "./timeline";

describe("layout", () => {
  const apart = 20;
  test("strips with room stand at their true place", () => {
    const { rows, height } = layout([0, 500, 1000], 0, 1000, 200, apart);
    expect(height).toBe(200);
    rows.forEach((y, i) => expect(y).toBeCloseTo(scaleY(i * 500, 0, 1000, 200, apart)));
  });
  test("strips that would touch spread around their middle", () => {
    const { rows } = layout([490, 500, 510], 0, 1000, 200, apart);
    expect(rows[1]).toBeCloseTo(100);
    expect(rows[1]! - rows[0]!).toBeCloseTo(apart);
    expect(rows[2]! - rows[1]!).toBeCloseTo(apart);
  });
  test("the picture grows when they do not fit", () => {
    const { rows, height } = layout(Array.from({ length: 40 }, (_, i) => i), 0, 39, 100, apart);
    expect(height).toBe(800);
    expect(rows.at(-1)).toBeCloseTo(790);
  });
  // Any order of places, also outside of the stretch: inside the picture, apart, in order.
  test.each([[[0, 0, 0, 0]], [[1000, 1000]], [[-50, 10, 11, 400, 2000]], [[5]], [[]]])("%j keeps order and distance", (ats) => {
    const { rows, height } = layout(ats, 0, 1000, 120, apart);
    rows.forEach((y, i) => {
      expect(y).toBeGreaterThanOrEqual(apart / 2 - 1e-9);
      expect(y).toBeLessThanOrEqual(height - apart / 2 + 1e-9);
      if (i > 0) expect(y - rows[i - 1]!).toBeGreaterThanOrEqual(apart - 1e-9);
    });
  });
  test("a stretch of no length does not divide by zero", () => expect(layout([5], 5, 5, 100, apart).rows.every(Number.isFinite)).toBe(true));
});

test("marks are round", () => expect(marks(620, 3400, 6)).toEqual([1000, 1500, 2000, 2500, 3000]));
test("fractions stay in the window", () => expect([fraction(-5, 0, 10), fraction(5, 0, 10), fraction(50, 0, 10), fraction(1, 3, 3)]).toEqual([0, 0.5, 1, 0]));
test("neighbours stop at the ends", () => {
  const list = ["a", "b", "c"];
  const from = (x: string, by: number) => neighbour(list, (item) => item === x, by);
  expect([from("a", 1), from("a", -1), from("c", 1), from("gone", 1)]).toEqual(["b", null, null, "a"]);
});
