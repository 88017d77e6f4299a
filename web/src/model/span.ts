// What a span of a camera's time is, for the eye: one tone each, so that colour
// and pattern say the same everywhere (strips, table, map, legend).
import type { CameraAnswer, Span } from "../api/types";
import { ms } from "./time";

/** One run of equal time on a strip. */
export type Bar = { from: number; to: number; tone: Tone; state?: Span["state"]; cause?: string };

/**
 * footage: playable now; home: exists, its bytes are still at the home; recorder:
 * the household's own recorder says that it has it, nothing was fetched yet;
 * soon: not there yet (being recorded, to come); gap: none, nobody's fault that
 * a technician could mend; fault: none, and somebody should act; shut: withheld
 * by the household.
 */
export type Tone = "footage" | "home" | "recorder" | "soon" | "gap" | "fault" | "shut";

export const tones: Tone[] = ["footage", "home", "recorder", "soon", "gap", "fault", "shut"];

const toneOfCause: Record<string, Tone> = {
  pending: "soon",
  future: "soon",
  unreachable: "soon",
  paused: "shut",
  withheld: "shut",
  "wrong-password": "fault",
  "bad-codec": "fault",
  "no-key-frame": "fault",
  disk: "fault",
  "held-full": "fault",
  lost: "fault",
};

export function toneOf(span: Pick<Span, "state" | "cause">): Tone {
  if (span.state === "stored" || span.state === "held") return "footage";
  if (span.state === "recorder") return "recorder";
  if (span.state) return "home";
  return toneOfCause[span.cause ?? ""] ?? "gap";
}

/** Spans as bars: clipped to the window, neighbours of one kind made one. */
export function bars(spans: Span[], from: number, to: number): Bar[] {
  const out: Bar[] = [];
  for (const span of spans) {
    const bar: Bar = {
      from: Math.max(from, ms(span.from)),
      to: Math.min(to, ms(span.to)),
      tone: toneOf(span),
      state: span.state,
      cause: span.cause,
    };
    if (!(bar.to > bar.from)) continue;
    const last = out.at(-1);
    if (last && last.state === bar.state && last.cause === bar.cause && bar.from <= last.to) last.to = bar.to;
    else out.push(bar);
  }
  return out;
}

/** The bar that holds a time. */
export function barAt(list: Bar[], at: number): Bar | undefined {
  return list.find((b) => at >= b.from && at < b.to) ?? (list.at(-1)?.to === at ? list.at(-1) : undefined);
}

/** The start of the footage that is nearest to a time, or the time itself when it is inside. */
export function nearestFootage(list: Bar[], at: number, of: Tone[] = ["footage"]): number | null {
  let best: number | null = null;
  for (const bar of list) {
    if (!of.includes(bar.tone)) continue;
    const near = Math.min(Math.max(at, bar.from), bar.to - 1);
    if (best === null || Math.abs(near - at) < Math.abs(best - at)) best = near;
  }
  return best;
}

/** How much of a window can be played, in milliseconds: what has come of a request. */
export function playable(spans: Span[], from: number, to: number): number {
  return bars(spans, from, to).reduce((sum, b) => sum + (b.tone === "footage" ? b.to - b.from : 0), 0);
}

/** Whether bytes of a window that was asked for are to be fetched, or on their way. */
export function coming(spans: Span[], from: number, to: number): boolean {
  return bars(spans, from, to).some((b) => b.state === "recorder" || b.state === "requested" || b.state === "uploading");
}

/** The colour of a camera on the map: the best that it has in the window. */
export type Standing = "footage" | "home" | "recorder" | "gap" | "none";

export function standing(answer: CameraAnswer | undefined): Standing {
  if (!answer) return "none";
  const has = (tone: Tone) => answer.spans.some((s) => toneOf(s) === tone);
  if (has("footage")) return "footage";
  if (has("home")) return "home";
  return has("recorder") ? "recorder" : "gap";
}
