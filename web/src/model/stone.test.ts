import { expect, test } from "vitest";
import type { Road } from "../api/types";
import { ahead, distance, nearest, type Point } from "./geo";
import { belowZero, endsOf, endStones, kilometreOf, standingOf } from "./stone";

const at = ([lon, lat]: Point, heading: number, metres: number): Point => ahead({ lon, lat }, heading, metres);
const a: Point = [106.6, 22];
const b = at(a, 90, 1000);
const c = at(b, 0, 500);

function road(id: string, name: string, line: Point[], ref?: string): Road {
  const length = line.slice(1).reduce((sum, p, i) => sum + distance(line[i]!, p), 0);
  return { id, name, ref, class: "primary", length, measure: { metre: 0, kilometre: 0, falling: false }, line };
}
const main = road("r", "Đường Mẫu", [a, b, c]);
const here = ([lon, lat]: Point) => ({ lon, lat });

test.each([["12+350", 12.35], ["km 12,35", 12.35], ["12.35", 12.35], ["0", 0], ["-1", null], ["km -0+300", null], ["", null], ["mười", null]])("a stone says %s", (text, km) =>
  expect(kilometreOf(text)).toBe(km),
);

test.each<[string, Point, number, number]>([
  ["on the line", at(a, 90, 400), 400, 0],
  ["beside it", at(at(a, 90, 400), 0, 30), 400, 30],
  ["beyond the first point", at(a, 270, 80), 0, 80],
  ["beyond the last", at(c, 0, 60), 1500, 60],
  ["outside of the bend", at(b, 135, 40), 1000, 40],
  ["on the second leg", at(b, 0, 123.4), 1123, 0],
])("%s", (_, p, metre, away) => {
  const found = nearest(main, here(p))!;
  expect(found.metre).toBeCloseTo(metre, 0);
  expect(found.metre).toBeLessThanOrEqual(main.length);
  expect(Math.abs(found.away - away)).toBeLessThan(0.5);
});

test("marks count as the hub does, whose length is another sum", () => {
  expect(nearest({ ...main, length: main.length * 2 }, here(at(a, 90, 400)))!.metre).toBe(800);
  expect([nearest({ line: [a], length: 1 }, here(a)), nearest({ line: [a, a], length: 1 }, here(a))]).toEqual([null, null]);
});

test("where a stone stands", () => {
  expect(standingOf(main, "first")).toEqual({ metre: 0, away: 0 });
  expect(standingOf(main, "last")).toEqual({ metre: main.length, away: 0 });
  expect(standingOf(main, null)).toBeNull();
  expect(standingOf(main, here(at(a, 90, 250)))?.metre).toBe(250);
});

test("both ends are told apart by their side and by the road they meet", () => {
  const cross = road("x", "", [at(c, 270, 200), at(c, 90, 200)], "QL.4A");
  const piece = road("p", "Đường Mẫu", [at(a, 270, 300), a]);
  const track = road("t", "", [at(a, 180, 300), a]);
  expect(endsOf(main, [main, cross, piece, track])).toEqual([{ side: "sw", meets: undefined }, { side: "ne", meets: "QL.4A" }]);
  expect(endsOf(road("w", "w", [b, a]), [])).toEqual([{ side: "e", meets: undefined }, { side: "w", meets: undefined }]);
  expect(endsOf(road("o", "o", [a, b, c, a]), [])).toEqual([{ side: undefined, meets: undefined }, { side: undefined, meets: undefined }]);
  expect(endsOf({ ...main, line: [] }, [])).toEqual([{}, {}]);
});

test.each([
  [{ metre: 500, kilometre: 12.5, falling: false }, ["km 12+000", "km 13+500"], false],
  [{ metre: 500, kilometre: 12.5, falling: true }, ["km 13+000", "km 11+500"], false],
  [{ metre: 1500, kilometre: 0, falling: true }, ["km 1+500", "km 0+000"], false],
  [{ metre: 0, kilometre: 0, falling: true }, ["km 0+000", "km -1+500"], true],
])("what the ends read: %o", (m, read, below) => {
  expect(endStones({ length: 1500 }, m)).toEqual(read);
  expect(belowZero({ length: 1500 }, m)).toBe(below);
});
