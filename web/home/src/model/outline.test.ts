import { expect, test } from "vitest";
import { added, area, hit, most, movedBy, movedTo, usual, whole, without } from "./outline.ts";

const square = [{ x: 0.2, y: 0.2 }, { x: 0.8, y: 0.2 }, { x: 0.8, y: 0.8 }, { x: 0.2, y: 0.8 }];

test("the first three points come in their order", () => {
  let points = added([], { x: 0.1, y: 0.1 });
  points = added(points, { x: 0.9, y: 0.1 });
  points = added(points, { x: 0.9, y: 0.9 });
  expect(points.map((p) => p.x)).toEqual([0.1, 0.9, 0.9]);
});

test("a later one goes into the nearest edge, so that nothing crosses", () => {
  expect(added(square, { x: 0.5, y: 0.15 })[1]).toEqual({ x: 0.5, y: 0.15 });
  expect(added(square, { x: 0.1, y: 0.5 }).at(-1)).toEqual({ x: 0.1, y: 0.5 });
});

test("no more than the API takes, and never off the picture", () => {
  const full = Array.from({ length: most }, (_, i) => ({ x: i / most, y: 0.5 }));
  expect(added(full, { x: 0.5, y: 0.5 })).toHaveLength(most);
  expect(movedTo(square, 0, { x: -1, y: 7 })[0]).toEqual({ x: 0, y: 1 });
  expect(movedBy(square, 1, 0.5, -0.1)[1]).toEqual({ x: 1, y: 0.1 });
});

test("a finger finds the nearest point, also on a wide picture", () => {
  expect(hit(square, { x: 0.78, y: 0.22 }, 0.05, 16 / 9)).toBe(1);
  expect(hit(square, { x: 0.5, y: 0.5 }, 0.05, 16 / 9)).toBe(-1);
  expect(hit([], { x: 0.5, y: 0.5 }, 1, 1)).toBe(-1);
});

test("whole means three points with some road in between", () => {
  expect(area(square)).toBeCloseTo(0.36, 9);
  expect(whole(square)).toBe(true);
  expect(whole([...usual])).toBe(true);
  expect(whole(without(square, 0).slice(0, 2))).toBe(false);
  expect(whole([{ x: 0.1, y: 0.1 }, { x: 0.5, y: 0.1 }, { x: 0.9, y: 0.1 }])).toBe(false);
});

test("four corners tapped in their order are a road", () => {
  const corners = [{ x: 0.05, y: 0.9 }, { x: 0.3, y: 0.5 }, { x: 0.7, y: 0.5 }, { x: 0.95, y: 0.9 }];
  const line = corners.reduce<ReturnType<typeof added>>((points, at) => added(points, at), []);
  expect(area(line)).toBeCloseTo(0.26, 9);
  expect(whole(line)).toBe(true);
});
