import { expect, test } from "vitest";
import type { MapRoad } from "../api/types.ts";
import { bar, fitted, labels, panned, Plane, scales, toFlat, toPixel, zoomed } from "./mapview.ts";

const size = { width: 360, height: 300 };
const plane = new Plane({ lon: 106.7, lat: 21.9 });
const w = { middle: { x: 10, y: -20 }, scale: 2 };

test("there and back", () => {
  const p = { lon: 106.7123, lat: 21.8876 };
  const back = plane.position(plane.flat(p));
  expect(back.lon).toBeCloseTo(p.lon, 9);
  expect(back.lat).toBeCloseTo(p.lat, 9);
  expect(toFlat(w, size, toPixel(w, size, { x: 3, y: 4 }))).toEqual({ x: 3, y: 4 });
});

test("north is up", () => expect(plane.flat({ lon: 106.7, lat: 21.91 }).y).toBeLessThan(-1000));

test("what is under the finger stays there", () => {
  const finger = { x: 50, y: 250 };
  const under = toFlat(w, size, finger);
  const after = toPixel(zoomed(w, size, 1.7, finger), size, under);
  expect(after.x).toBeCloseTo(finger.x, 6);
  expect(after.y).toBeCloseTo(finger.y, 6);
  expect(zoomed(w, size, 1e9).scale).toBe(scales[1]);
  expect(zoomed(w, size, 1e-9).scale).toBe(scales[0]);
});

test("the map follows the finger", () => {
  const before = toPixel(w, size, { x: 0, y: 0 });
  const after = toPixel(panned(w, 12, -7), size, { x: 0, y: 0 });
  expect([after.x - before.x, after.y - before.y]).toEqual([12, -7]);
});

test("all of it fits, with a margin", () => {
  const points = [{ x: -100, y: -50 }, { x: 300, y: 80 }];
  for (const p of points) {
    const { x, y } = toPixel(fitted(points, size, 30), size, p);
    expect(x).toBeGreaterThanOrEqual(30 - 1e-9);
    expect(x).toBeLessThanOrEqual(330 + 1e-9);
    expect(y).toBeGreaterThanOrEqual(30 - 1e-9);
    expect(y).toBeLessThanOrEqual(270 + 1e-9);
  }
});

test("the scale is a round length that fits", () => {
  expect(bar(2, 96)).toEqual({ metres: 20, width: 40 });
  expect(bar(0.03, 96).metres).toBe(2000);
});

const road = (name: string, ...flat: [number, number][]): MapRoad => ({
  id: name, name, class: "primary",
  line: flat.map(([x, y]) => { const p = plane.position({ x, y }); return [p.lon, p.lat]; }),
});

test("a name stands on its road, readable, once, and off the cone", () => {
  const middle = { middle: { x: 0, y: 0 }, scale: 1 };
  const found = labels([road("Quốc lộ", [900, 40], [-900, 40]), road("Quốc lộ", [-900, 90], [900, 90]), road("", [-900, 0], [900, 0])], plane, middle, size);
  expect(found).toHaveLength(1);
  expect(found[0]!.angle).toBe(0); // never upside down
  expect(found[0]!.y).toBeCloseTo(190, 0);
  const off = labels([road("Quốc lộ", [900, 40], [-900, 40])], plane, middle, size, { x: 120, y: 190, r: 60 });
  expect(off[0]!.x).toBeGreaterThan(180);
});

test("where a name does not fit there is none", () => {
  expect(labels([road("Một tên đường rất dài", [0, 0], [30, 0])], plane, { middle: { x: 0, y: 0 }, scale: 1 }, size)).toEqual([]);
});
