import { describe, expect, test } from "vitest";
import type { CameraAnswer, OwnerAsk } from "../api/types";
import { askableFrom, askAt, hasStill, mainElsewhere, offerAt, stateOf } from "./offer";
import type { Bar, Tone } from "./span";
import { HOUR } from "./time";

const now = Date.UTC(2026, 10, 22, 7);
const iso = (at: number) => new Date(at).toISOString();
const ask = (from: number, to: number, answer?: OwnerAsk["answer"], asked = now - HOUR): OwnerAsk => ({
  from: iso(from), to: iso(to), asked: iso(asked), until: iso(asked + 24 * HOUR), answer,
});
const bar = (tone: Tone): Bar => ({ from: 0, to: 100, tone });
const answer = (more: Partial<CameraAnswer>) => ({ home: true, playlist: "x", ...more }) as CameraAnswer;

test.each([
  ["clip", "footage", "play"],
  ["live", "home", "fetch"],
  ["clip", "recorder", "fetch"],
  ["stills", "footage", "still"],
  ["stills", "recorder", "still"],
  ["registry", "footage", "shut"],
  ["ask", "home", "ask"],
  ["ask", "recorder", "ask"],
  ["clip", "gap", "none"],
  ["ask", "shut", "none"],
  [undefined, "footage", "play"],
] as const)("%s, %s: %s", (consent, tone, offer) => expect(offerAt(answer({ consent }), bar(tone), 10, now)).toBe(offer));

describe("asking", () => {
  const asks = [ask(0, 20, "granted"), ask(10, 40), ask(40, 60, "refused"), ask(60, 80, "silent")];
  test.each([[5, "granted"], [15, "granted"], [25, "pending"], [50, "refused"], [70, "silent"]] as const)("at %d it is %s", (at, state) => expect(stateOf(askAt(asks, at, now)!, now)).toBe(state));
  test("nothing was asked", () => expect([askAt(asks, 90, now), askAt(undefined, 1, now)]).toEqual([null, null]));
  test("without an answer in time it is silence", () => expect(stateOf(ask(0, 1, undefined, now - 25 * HOUR), now)).toBe("silent"));
  test.each([[5, "play"], [25, "ask"], [50, "ask"], [90, "ask"]] as const)("footage at %d: %s", (at, offer) => expect(offerAt(answer({ consent: "ask", asks }), bar("footage"), at, now)).toBe(offer));
  test.each([[5, "fetch"], [25, "ask"]] as const)("at home at %d: %s", (at, offer) => expect(offerAt(answer({ consent: "ask", asks }), bar("recorder"), at, now)).toBe(offer));
  test("within the hours it plays without asking", () => {
    expect(offerAt(answer({ consent: "ask" }), bar("footage"), 5, now)).toBe("play");
    expect(offerAt(answer({ consent: "ask", playlist: undefined }), bar("footage"), 5, now)).toBe("ask");
    expect(offerAt(answer({ consent: "ask" }), bar("home"), 5, now, true)).toBe("fetch");
  });
  test("a no holds for a day from the asking", () => {
    expect(askableFrom(asks, now)).toBe(now + 23 * HOUR);
    expect(askableFrom([ask(0, 1, "refused", now - 25 * HOUR), ask(1, 2)], now)).toBeNull();
  });
});

test.each([["clip", "home", true], ["stills", "footage", true], ["stills", "recorder", false], ["registry", "footage", false]] as const)("a still of %s, %s: %s", (consent, tone, has) =>
  expect(hasStill(answer({ consent }), bar(tone))).toBe(has));

test.each([
  ["small stream here, main at home", { home: true, spans: [{ from: "a", to: "b", state: "stored" }, { from: "b", to: "c", cause: "agent-off" }] }, true],
  ["another part in the recorder", { home: true, spans: [{ from: "a", to: "b", state: "stored" }, { from: "b", to: "c", state: "recorder" }] }, false],
  ["all here", { home: undefined, spans: [{ from: "a", to: "b", state: "stored" }] }, false],
  ["asked for each time", { home: true, consent: "ask", spans: [{ from: "a", to: "b", state: "stored" }] }, false],
] as const)("main elsewhere: %s", (_, part, is) => expect(mainElsewhere({ ...answer({}), ...part } as never)).toBe(is));
