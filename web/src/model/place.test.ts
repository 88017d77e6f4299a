import { describe, expect, test } from "vitest";
import { ahead, bounds, cone, distance, placeAt, points, slice, type Point } from "./geo";
import { facingBy, formatKm, formatMetres, kmInput, parseKm, plain, stretchOf } from "./km";
import { place } from "./labels";
import { mapStyle } from "./mapstyle";

describe("kilometre stones", () => {
  test.each([[0, "km 0+000"], [12_350, "km 12+350"], [999.6, "km 1+000"], [5.2, "km 0+005"]])("%d", (m, text) => expect(formatKm(m, plain)).toBe(text));
  test.each([["12+350", 12_350], ["km 12+350", 12_350], ["12 + 5", 12_005], ["12,35", 12_350], ["12.35", 12_350], ["7", 7000], ["-1", -1000]])("%s", (text, m) =>
    expect(parseKm(text, plain)).toBe(m),
  );
  test.each(["", "12+3500", "--1", "12+", "1e3", "mười hai", "12.3456"])("%s is none", (text) => expect(parseKm(text, plain)).toBeNull());

  // Metre 2000 of the line has the stone "km 40", and they fall.
  const falling = { metre: 2000, kilometre: 40, falling: true };
  test.each([[2000, "km 40+000"], [0, "km 42+000"], [42_300, "km -0+300"], [2345, "km 39+655"]])("falling: %d", (m, text) => {
    expect(formatKm(m, falling)).toBe(text);
    expect(parseKm(text, falling)).toBe(m);
  });
  test.each([plain, falling, { metre: 0, kilometre: 12.5, falling: false }])("what is written is read back", (m) => expect(parseKm(kmInput(8_045, m), m)).toBe(8045));
  test("a stretch in either order", () => {
    expect(stretchOf("41", "39+500", falling)).toEqual({ from: 1000, to: 2500 });
    expect(stretchOf("39,5", "41", falling)).toEqual({ from: 1000, to: 2500 });
    expect([stretchOf("3", "3", plain), stretchOf("3", "x", plain)]).toEqual([null, null]);
  });
  test("which way a camera looks", () => {
    expect((["up", "down", "across"] as const).map((f) => facingBy(f, falling))).toEqual(["down", "up", "across"]);
    expect(facingBy("up", plain)).toBe("up");
  });
  test("lengths in the reader's way", () => expect([formatMetres(340, ","), formatMetres(2430, ","), formatMetres(2430, ".")]).toEqual(["340 m", "2,4 km", "2.4 km"]));
});

const home = { lon: 106.6, lat: 22 };
const start: Point = [106.6, 22];

describe("cones", () => {
  const ring = cone({ position: home, heading: 90, fov: 60, range: 100 });
  test("closed, from the camera, every other point at the range", () => {
    expect(ring[0]).toEqual(start);
    expect(ring.at(-1)).toEqual(start);
    for (const p of ring.slice(1, -1)) expect(distance(start, p)).toBeCloseTo(100, 1);
  });
  test("its middle looks along the heading", () => {
    const middle = ring[Math.floor(ring.length / 2)]!;
    expect(middle[0]).toBeGreaterThan(start[0]);
    expect(middle[1]).toBeCloseTo(start[1], 6);
  });
});

describe("a road", () => {
  const north = ahead(home, 0, 600);
  const line = [start, north, ahead({ lon: north[0], lat: north[1] }, 90, 400)];
  const road = { line, length: 1000 };
  test("slices keep the corner", () => {
    const part = slice(road, 500, 700);
    expect(part.length).toBe(3);
    expect(distance(part[0]!, part[1]!)).toBeCloseTo(100, 0);
    expect(distance(part[1]!, part[2]!)).toBeCloseTo(100, 0);
  });
  test("measures as the hub does, even when its length differs from ours", () => {
    expect(distance(start, placeAt({ line, length: 2000 }, 600)!)).toBeCloseTo(300, 0);
  });
  test("nothing beyond the end or of a single point", () => {
    expect(slice(road, 1500, 1600)).toEqual([]);
    expect(slice({ line: [start], length: 0 }, 0, 1)).toEqual([]);
  });
  test("bounds", () => {
    expect(bounds([])).toBeNull();
    expect(bounds([line])).toEqual([line[0]![0], line[0]![1], line[2]![0], Math.max(line[1]![1], line[2]![1])]);
  });
  test("malformed points are left out", () => expect(points([[1, 2], [3], [4, 5, 6]])).toEqual([[1, 2], [4, 5]]));
});

test("labels: the first wins, a dot is never covered, one of a group is enough", () => {
  const at = (x: number, group?: string) => ({ x, y: 0, width: 20, height: 10, group });
  expect(place([at(0), at(15), at(30)])).toEqual([true, false, true]);
  expect(place([at(0), at(40)], [at(10)])).toEqual([false, true]);
  expect(place([at(0, "r"), at(100, "r"), at(200)])).toEqual([true, false, true]);
});

test("the map's style asks for nothing from outside", () => {
  const style = mapStyle({ roads: [], cameras: [], stretch: [start, [106.7, 22]], dark: true });
  expect([style.glyphs, style.sprite]).toEqual([undefined, undefined]);
  expect(JSON.stringify(style)).not.toMatch(/https?:/);
});
