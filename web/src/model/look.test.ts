import { describe, expect, test } from "vitest";
import { afterGap, codecName, mediaType, nextSpeed, toMedia, toWall, type Piece } from "./clip";
import { readLook, writeLook, type Look } from "./url";

describe("the address", () => {
  const full: Look = {
    stretch: { road: "r/4A &x", from: 600, to: 8400 },
    window: { from: Date.UTC(2026, 10, 22, 6), to: Date.UTC(2026, 10, 22, 7) },
    camera: "c1",
    at: Date.UTC(2026, 10, 22, 6, 30, 0, 250),
  };
  const nothing: Look = { stretch: null, window: null, camera: null, at: null };
  test.each([["full", full], ["nothing", nothing]])("%s is read back", (_, look) => expect(readLook(writeLook(look))).toEqual(look));
  test("what cannot be is dropped", () => {
    expect(readLook("?road=r&a=9&b=9&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z&at=soon")).toEqual(nothing);
    expect(readLook("?road=r&a=&b=9").stretch).toBeNull();
    expect(readLook("?a=1&b=9").stretch).toBeNull();
  });
});

describe("media and wall time", () => {
  const t0 = Date.UTC(2026, 10, 22, 7);
  // A second run begins 10 s after the first one ended: wall time jumps, media time does not.
  const pieces: Piece[] = [
    { start: 0, duration: 6, programDateTime: t0 },
    { start: 6, duration: 4, programDateTime: t0 + 6000, gap: true },
    { start: 10, duration: 6, programDateTime: t0 + 20_000 },
  ];
  test.each([[0, 0], [5, 5], [20, 10], [25, 15]])("wall %d s is media %d s", (wall, media) => {
    expect(toMedia(pieces, t0 + wall * 1000)).toBeCloseTo(media);
    expect(toWall(pieces, media)).toBeCloseTo(t0 + wall * 1000);
  });
  test("a wall time without footage goes to the nearest edge", () => {
    expect(toMedia(pieces, t0 + 8000)).toBeCloseTo(5.999);
    expect(toMedia(pieces, t0 + 16_000)).toBeCloseTo(10);
    expect(toMedia(pieces, t0 + 999_000)).toBeCloseTo(15.999);
    expect(toMedia([], t0)).toBeNull();
  });
  test("gaps are left behind", () => expect([afterGap(pieces, 7), afterGap(pieces, 3), afterGap(pieces, 99)]).toEqual([10, null, null]));
});

test.each([
  ["h265", 'video/mp4; codecs="hvc1.1.6.L93.B0"', "H.265"],
  ["hvc1.1.6.L93.B0", 'video/mp4; codecs="hvc1.1.6.L93.B0"', "H.265"],
  ["h264", null, "H.264"],
  [undefined, null, ""],
])("codec %s", (codec, type, name) => {
  expect(mediaType(codec)).toBe(type);
  expect(codecName(codec)).toBe(name);
});

test("speeds step and stop at the ends", () => expect([nextSpeed(1, 1), nextSpeed(0.25, -1), nextSpeed(16, 1), nextSpeed(3, 1)]).toEqual([2, 0.25, 16, 2]));
