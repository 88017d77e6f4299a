// What an officer may do with a home's footage of a moment, as its household shares
// it for this case.
import type { CameraAnswer, OwnerAsk } from "../api/types";
import type { Bar } from "./span";
import { HOUR, ms } from "./time";

/** After a no, or silence, a case asks a household again when this has passed (hub/cases/ask.go). */
const ASK_AGAIN = 24 * HOUR;

export type AskState = "pending" | "granted" | "refused" | "silent";

export function stateOf(ask: OwnerAsk, now: number): AskState {
  if (ask.answer) return ask.answer;
  return now < ms(ask.until) ? "pending" : "silent";
}

/** The ask that says most about a moment: a yes, then one that waits, then the newest no. */
export function askAt(asks: OwnerAsk[] | undefined, at: number, now: number): OwnerAsk | null {
  const weight = { granted: 0, pending: 1, refused: 2, silent: 2 };
  const there = (asks ?? []).filter((a) => at >= ms(a.from) && at < ms(a.to));
  there.sort((a, b) => weight[stateOf(a, now)] - weight[stateOf(b, now)] || ms(b.asked) - ms(a.asked));
  return there[0] ?? null;
}

/** When the household can be asked again; null when it can be now, as far as this window tells. */
export function askableFrom(asks: OwnerAsk[] | undefined, now: number): number | null {
  const noes = (asks ?? []).filter((a) => ["refused", "silent"].includes(stateOf(a, now)));
  const from = Math.max(0, ...noes.map((a) => ms(a.asked) + ASK_AGAIN));
  return from > now ? from : null;
}

/**
 * play: here and playable; fetch: at home or in the recorder, to be asked of the box;
 * ask: the household is asked first; still: single pictures only; shut: nothing is
 * shared; none: there is nothing.
 */
export type Offer = "play" | "fetch" | "ask" | "still" | "shut" | "none";

/** allowed: the hub has taken this moment without asking the household. */
export function offerAt(answer: CameraAnswer, bar: Bar | undefined, at: number, now: number, allowed = false): Offer {
  if (bar?.tone !== "footage" && bar?.tone !== "home" && bar?.tone !== "recorder") return "none";
  if (answer.consent === "registry") return "shut";
  if (answer.consent === "stills") return "still";
  if (answer.consent === "ask" && !allowed && !mayPlay(answer, bar, at, now)) return "ask";
  if (bar.tone === "footage") return answer.playlist ? "play" : "none";
  return answer.home ? "fetch" : "none";
}

/**
 * A yes holds for its minutes. Where nothing was said yes to and something can be
 * played all the same, that is within hours that the household shares standing.
 */
function mayPlay(answer: CameraAnswer, bar: Bar, at: number, now: number): boolean {
  const ask = askAt(answer.asks, at, now);
  if (ask) return stateOf(ask, now) === "granted";
  return bar.tone === "footage" && !!answer.playlist && !(answer.asks ?? []).some((a) => stateOf(a, now) === "granted");
}

/** Whether one picture can be had of a moment: not while it is in the recorder alone. */
export function hasStill(answer: CameraAnswer, bar: Bar | undefined): boolean {
  return answer.consent !== "registry" && (bar?.tone === "footage" || bar?.tone === "home");
}

/**
 * Whether what plays may be the small stream alone, with the main one still at home:
 * something is at home, and no part of the window shows where else that would be.
 */
export function mainElsewhere(answer: CameraAnswer): boolean {
  const away = answer.spans.some((s) => s.state !== undefined && s.state !== "stored" && s.state !== "held");
  return answer.home === true && answer.consent !== "ask" && !away;
}
