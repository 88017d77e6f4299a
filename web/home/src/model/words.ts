// Sentences that are made of parts. They take the way to say them, so that they are
// the same in both languages and can be tested without a page.
import { formatDate, formatTime } from "../../../src/model/time.ts";
import type { Ask, Recorder, Sight, TestLine } from "../api/types";
import type { Key, Say } from "../i18n/index.svelte.ts";

const number = (n: number, digits = 0): string => n.toFixed(digits).replace(/\.0+$/, "");

/** The decimal comma of Vietnamese. */
export const decimal = (say: Say, n: number, digits = 1): string => number(n, digits).replace(".", say("format.decimal"));

/** "thấy 40 m quốc lộ 4A, hướng Na Sầm, bên phải" */
export function sight(say: Say, s: Sight): string {
  const parts = [say("sight.seen", { metres: Math.round(s.metres), road: s.name || say("sight.unnamed") })];
  if (s.facing === "across") parts.push(s.toward && s.back ? say("sight.acrossBetween", { toward: s.toward, back: s.back }) : say("sight.across"));
  else if (s.toward) parts.push(say("sight.toward", { toward: s.toward }));
  else parts.push(say(s.facing === "up" ? "sight.up" : "sight.down"));
  if (s.side) parts.push(say(s.side === "left" ? "sight.left" : "sight.right"));
  return parts.join(", ");
}

export const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "7 phút", "2 giờ 5 phút", "40 giây"; only the size. */
export function length(say: Say, seconds: number): string {
  const s = Math.abs(seconds);
  if (s < 90) return say("length.seconds", { n: Math.round(s) });
  const minutes = Math.round(s / 60);
  if (minutes < 90) return say("length.minutes", { n: minutes });
  if (minutes < 48 * 60) return say("length.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
  return say("length.days", { n: Math.round(minutes / 1440) });
}

/** What a recorder's own clock is like; under two seconds nobody need know. */
export function clock(say: Say, aheadSeconds: number): string {
  if (Math.abs(aheadSeconds) < 2) return say("clock.right");
  return say(aheadSeconds > 0 ? "clock.ahead" : "clock.behind", { length: length(say, aheadSeconds) });
}

/** What the password's refusal came from, with the figure that the agent gives in detail. */
export function skew(say: Say, detail: string): string {
  const seconds = Number.parseFloat(detail);
  if (!Number.isFinite(seconds) || seconds === 0) return say("problem.clock-skew");
  return say(seconds > 0 ? "find.skewAhead" : "find.skewBehind", { length: length(say, seconds) });
}

/** "14:05 đến 14:35, 22/11/2026" */
export function minutes(say: Say, a: Pick<Ask, "from" | "to">): string {
  const [from, to] = [Date.parse(a.from), Date.parse(a.to)];
  const short = (at: number) => formatTime(at).slice(0, 5);
  if (formatDate(from) === formatDate(to)) return say("ask.window", { from: short(from), to: short(to), day: formatDate(from) });
  return say("ask.windowDays", { from: `${short(from)} ${formatDate(from)}`, to: `${short(to)} ${formatDate(to)}` });
}

/** What a self-test line measured, in words. */
export function measured(say: Say, line: TestLine): string {
  const n = line.number;
  if (n === undefined) return "";
  switch (line.name) {
    case "record":
    case "past":
      return say("test.seconds", { n: decimal(say, n, 0) });
    case "uplink":
      return say("test.rate", { n: decimal(say, (n * 8) / 1e6) });
    case "clock":
      return Math.abs(n) < 0.05 ? say("test.exact") : say("test.off", { n: decimal(say, Math.abs(n), Math.abs(n) < 10 ? 1 : 0) });
    case "own":
      return clock(say, n);
    case "disk":
      return say("test.days", { n: decimal(say, n) });
  }
}

/** Brand and model as one line; what is not known is not said. */
export const device = (say: Say, d: { brand?: string; model?: string }): string =>
  [d.brand || say("find.unknownBrand"), d.model].filter(Boolean).join(" ");

/** "Kênh 2" for a channel that has no name of its own. */
export const channelName = (say: Say, c: Recorder["channels"][number]): string => c.name.trim() || say("choose.channel", { n: c.number + 1 });

export const levelKey = (level: string, part: "name" | "sees" | "never"): Key => `level.${level}.${part}` as Key;
