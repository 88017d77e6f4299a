import { describe, expect, test } from "vitest";
import type { CameraAnswer, Span } from "../api/types";
import { barAt, bars, coming, nearestFootage, standing, toneOf } from "./span";

const span = (from: number, to: number, state?: Span["state"], cause?: string): Span => ({
  from: new Date(from).toISOString(), to: new Date(to).toISOString(), state, cause,
});

test.each([
  [{ state: "stored" as const }, "footage"],
  [{ state: "held" as const }, "footage"],
  [{ state: "home" as const }, "home"],
  [{ state: "uploading" as const }, "home"],
  [{ state: "recorder" as const }, "recorder"],
  [{ cause: "paused" }, "shut"],
  [{ cause: "pending" }, "soon"],
  [{ cause: "wrong-password" }, "fault"],
  [{ cause: "camera-off" }, "gap"],
  [{ cause: "a-cause-of-tomorrow" }, "gap"],
])("%o is %s", (s, tone) => expect(toneOf(s)).toBe(tone));

describe("bars", () => {
  const list = bars([span(0, 10, "stored"), span(10, 20, "stored"), span(20, 30, undefined, "reconnect"), span(30, 40, "stored")], 5, 35);
  test("clipped to the window and joined", () => {
    expect(list.map((b) => [b.from, b.to, b.tone])).toEqual([[5, 20, "footage"], [20, 30, "gap"], [30, 35, "footage"]]);
  });
  test("two causes side by side stay two", () => {
    expect(bars([span(0, 5, undefined, "disk"), span(5, 9, undefined, "lost")], 0, 9).length).toBe(2);
  });
  test("outside of the window is nothing", () => expect(bars([span(50, 60, "stored")], 0, 40)).toEqual([]));
  test("the bar of a time, the end included", () => {
    expect([barAt(list, 20)?.tone, barAt(list, 35)?.from, barAt(list, 99)]).toEqual(["gap", 30, undefined]);
  });
  test("the nearest footage", () => {
    expect([nearestFootage(list, 12), nearestFootage(list, 22), nearestFootage(list, 28), nearestFootage([], 1), nearestFootage(list, 5, ["gap", "home"])]).toEqual([12, 19, 30, null, 20]);
  });
});

test.each([
  [0, 10, false], [0, 11, true], [12, 18, true], [20, 30, false], [35, 50, true], [40, 50, false], [48, 55, true],
])("of %d to %d something is coming: %s", (from, to, is) => {
  const list = [span(0, 10, "stored"), span(10, 20, "requested"), span(20, 30, "home"), span(30, 40, "uploading"), span(40, 50, undefined, "lost"), span(50, 60, "recorder")];
  expect(coming(list, from, to)).toBe(is);
});

test("a camera's colour is the best that it has", () => {
  const answer = (...spans: Span[]) => ({ spans }) as CameraAnswer;
  expect(standing(undefined)).toBe("none");
  expect(standing(answer(span(0, 1, "home"), span(1, 2, "held")))).toBe("footage");
  expect(standing(answer(span(0, 1, "home"), span(1, 2, undefined, "disk")))).toBe("home");
  expect(standing(answer(span(0, 1, "recorder"), span(1, 2, "home")))).toBe("home");
  expect(standing(answer(span(0, 1, undefined, "disk"), span(1, 2, "recorder")))).toBe("recorder");
  expect(standing(answer(span(0, 1, undefined, "disk")))).toBe("gap");
});
