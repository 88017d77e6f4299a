// What the household agrees to, and the words that say it. The words on the screen
// are the words in the receipt: both come from here.
import { formatDate } from "../../../src/model/time.ts";
import { purposes, type Agreement, type Consent, type Level, type Purpose } from "../api/types.ts";
import type { Key, Say } from "../i18n/index.svelte.ts";
import { levelKey } from "./words.ts";

/** Version of the words; a change in the meaning of any message "level.*" or "words.*" is a new one. */
export const text = "2026-11";

export const levels: readonly Level[] = ["registry", "stills", "ask", "clip", "live"];
export const rank = (level: Level): number => ["none", ...levels].indexOf(level);

export type Choice = {
  level: Level | null; // no default
  for: Partial<Record<Purpose, Level>>; // less than level; none: the same for all
  hours: { from: number; to: number } | null; // minutes since midnight; null: the whole day
  months: number;
  sound: boolean;
  uplink: NonNullable<Agreement["uplink"]>;
};

export const fresh = (): Choice => ({ level: null, for: {}, hours: null, months: 12, sound: false, uplink: "" });

/** What was agreed before, to be changed. */
export function fromConsent(c: Consent): Choice {
  return { ...fresh(), level: c.level === "none" ? null : c.level, for: { ...c.for }, hours: c.hours && c.hours.from !== c.hours.to ? { ...c.hours } : null };
}

/**
 * The same day some months on, the last of a shorter month. Never more than 365 days:
 * ConsentLongest is 366, and the agent's clock may be behind the phone's.
 */
export function until(now: number, months: number): number {
  const d = new Date(now);
  const day = d.getUTCDate();
  d.setUTCDate(1);
  d.setUTCMonth(d.getUTCMonth() + months);
  const last = new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0)).getUTCDate();
  d.setUTCDate(Math.min(day, last));
  return Math.min(d.getTime(), now + 365 * 86_400_000);
}

/** The level for a purpose: never more than the camera's. */
export const levelFor = (c: Choice, p: Purpose): Level => {
  const own = c.for[p];
  const most = c.level ?? "none";
  return own && rank(own) < rank(most) ? own : most;
};

export function consentOf(c: Choice, now: number): Consent {
  const level = c.level ?? "none";
  if (level === "none") return { level };
  const less = Object.fromEntries(purposes.filter((p) => levelFor(c, p) !== level).map((p) => [p, levelFor(c, p)]));
  return {
    level,
    ...(Object.keys(less).length > 0 ? { for: less } : {}),
    ...(c.hours ? { hours: c.hours } : {}),
    until: new Date(until(now, c.months)).toISOString(),
  };
}

export const clockOf = (minutes: number): string =>
  `${String(Math.floor(minutes / 60) % 24).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** The agreement, sentence by sentence. */
export function sentences(say: Say, label: string, c: Choice, now: number): string[] {
  const level = c.level ?? "none";
  if (level === "none") return [say("words.camera", { label }), say("level.none.sees")];
  const out = [say("words.camera", { label }), say(levelKey(level, "sees")), say(levelKey(level, "never"))];
  const less = purposes.filter((p) => levelFor(c, p) !== level);
  if (less.length === 0) out.push(say("words.allPurposes"));
  for (const p of less) out.push(say("words.purpose", { purpose: say(`purpose.${p}` as Key), level: say(levelKey(levelFor(c, p), "name")) }));
  out.push(c.hours ? say("words.hours", { from: clockOf(c.hours.from), to: clockOf(c.hours.to) }) : say("words.allHours"));
  out.push(say("words.until", { day: formatDate(until(now, c.months)) }));
  out.push(say(c.sound ? "words.sound" : "words.noSound"));
  if (rank(level) >= rank("clip")) out.push(say(`words.uplink.${c.uplink || "default"}` as Key)); // below it nothing is sent unasked
  out.push(say("words.anytime"));
  return out;
}

export function agreement(say: Say, language: "vi" | "en", label: string, c: Choice, now: number): Agreement {
  return { consent: consentOf(c, now), text, words: sentences(say, label, c, now).join("\n"), language, sound: c.sound, uplink: c.uplink };
}

/** What is left of an agreement: days, 0 on its last day, −1 when it has ended, null without an end. */
export function daysLeft(c: Consent, now: number): number | null {
  if (!c.until) return null;
  const left = Date.parse(c.until) - now;
  return left <= 0 ? -1 : Math.floor(left / 86_400_000);
}
