// Every word on the household's page. Vietnamese is the source of the keys;
// scripts/i18n.mjs checks both files as it does those of the hub's pages.
import { fill, language, type Lang, type Values } from "../../../src/i18n/language.svelte";
import en from "./en.json";
import vi from "./vi.json";

export { language, type Lang };
export type Key = keyof typeof vi;
export type Say = (key: Key, values?: Values) => string;

const tables: Record<Lang, Record<Key, string>> = { vi, en };

export const t: Say = (key, values = {}) => fill(tables[language.current][key], values);

const known = (key: string): key is Key => Object.hasOwn(vi, key);

/** Whom the agent could not reach, or who refused it: there the same code asks for something else. */
export type At = "hub" | "recorder";

/** What happened and the one thing to do: the sentence of a Problem's code. */
export function problemText(code: string, at?: At): string {
  if (code === "unreachable" && at) return t(at === "hub" ? "hub.unreachable" : "recorder.unreachable");
  const key = `problem.${code}`;
  return t(known(key) ? key : "problem.internal");
}

/** What a camera does: "recording", "off" or a gap cause (segment.go). */
export function causeText(cause: string): string {
  const key = `cause.${cause}`;
  return t(known(key) ? key : "cause.unreported");
}

/**
 * What to do about a camera that does not record, or a red line of the self-test (its
 * name is of); a code or a gap cause.
 */
export function fixText(code: string, of = ""): string {
  const own = `mend.${of}.${code}`;
  if (known(own)) return t(own);
  const key = `fix.${code}`;
  return known(key) ? t(key) : problemText(code);
}

/** Whether there is something to do about it. */
export const hasFix = (code: string): boolean => known(`fix.${code}`) || known(`problem.${code}`);
