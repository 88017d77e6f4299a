import { describe, expect, test } from "vitest";
import { ahead, distance } from "../../../src/model/geo.ts";
import type { MapRoad, View } from "../api/types.ts";
import { bearing, between, eighth, farHandle, moved, pointed, reached, seenPieces, sideHandle, spread, startAt, towardRoad, turned, widened } from "./cone.ts";

const at = { lon: 106.7, lat: 21.9 };
const view: View = { position: at, heading: 350, fov: 80, range: 60 };
const point = (heading: number, metres: number) => {
  const [lon, lat] = ahead(at, heading, metres);
  return { lon, lat };
};
const road = (id: string, ...line: [number, number][]): MapRoad => ({ id, name: id, class: "primary", line });

test("turning goes round north", () => {
  expect(turned(view, 15).heading).toBe(5);
  expect(turned({ ...view, heading: 5 }, -15).heading).toBe(350);
  expect(between(350, 10)).toBe(20);
  expect(between(10, 350)).toBe(-20);
});

test("widening and reaching stop at the API's limits", () => {
  expect(widened(view, 500).fov).toBe(180);
  expect(widened(view, -500).fov).toBe(10);
  expect(reached(view, 500).range).toBe(200);
  expect(reached(view, -500).range).toBe(10);
});

test("the house moves by metres", () => {
  const there = moved(view, 30, -40).position;
  expect(distance([at.lon, at.lat], [there.lon, there.lat])).toBeCloseTo(50, 1);
  expect(bearing(at, there)).toBeCloseTo(143.13, 1);
});

test.each([0, 45, 133, 270, 359])("the far handle at %i° is where it was dragged to", (heading) => {
  const v = pointed(view, point(heading, 75));
  expect([v.heading, v.range]).toEqual([heading, 75]);
  const far = farHandle(v);
  expect(distance([at.lon, at.lat], [far.lon, far.lat])).toBeCloseTo(75, 1);
  expect(pointed(view, point(heading, 900)).range).toBe(200);
});

test("the side handle opens the cone to both sides and stays on its edge", () => {
  expect(spread(view, point(350 + 55, 40)).fov).toBe(110);
  expect(spread(view, point(350 - 55, 40)).fov).toBe(110);
  expect(between(view.heading, bearing(at, sideHandle(view)))).toBeCloseTo(40, 0);
});

describe("what is seen of a road", () => {
  const a = ahead(at, 350, 30);
  const middle = { lon: a[0], lat: a[1] };
  const across = road("x", ahead(middle, 260, 300), ahead(middle, 80, 300));
  const length = (v: View, r: MapRoad) => seenPieces(v, r).reduce((sum, l) => sum + distance(l[0]!, l.at(-1)!), 0);

  test("a road 30 m before an 80° cone: 2 · 30 · tan 40°", () => {
    expect(length(view, across)).toBeGreaterThan(44);
    expect(length(view, across)).toBeLessThan(52);
  });
  test("behind the house nothing", () => expect(seenPieces({ ...view, heading: 170 }, across)).toEqual([]));
  test("beyond the range nothing", () => expect(seenPieces({ ...view, range: 25 }, across)).toEqual([]));
  test("a road that comes back is two pieces", () => {
    const bend = road("u", ahead(at, 325, 40), ahead(at, 325, 400), ahead(at, 15, 400), ahead(at, 15, 40));
    expect(seenPieces(view, bend)).toHaveLength(2);
  });
});

test("a camera begins by looking at the nearest road", () => {
  const middle = point(120, 20);
  expect(towardRoad(at, [road("n", ahead(middle, 30, 500), ahead(middle, 210, 500)), road("far", ahead(at, 0, 300), ahead(at, 10, 300))])).toBe(120);
  expect(towardRoad(at, [])).toBeNull();
  expect(towardRoad(at, [road("far", ahead(at, 0, 3000), ahead(at, 10, 3000))])).toBeNull();
  expect(startAt(at, 120)).toEqual({ position: at, heading: 120, fov: 80, range: 60 });
});

test.each([[0, 0], [22, 0], [23, 1], [180, 4], [337, 7], [338, 0], [-45, 7]])("%i° is the eighth %i", (heading, n) => expect(eighth(heading)).toBe(n));
