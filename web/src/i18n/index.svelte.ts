// Every word on the screen. Vietnamese is the source of the keys; English must
// have each of them or the type check fails, and scripts/i18n.mjs finds unused
// keys, uneven placeholders and codes without a sentence.
import type { TestLine } from "../api/types";
import { fixKeys } from "../model/selftest";
import en from "./en.json";
import { fill, language, type Lang, type Values } from "./language.svelte";
import vi from "./vi.json";

export { language, type Lang };
export type Key = keyof typeof vi;

const tables: Record<Lang, Record<Key, string>> = { vi, en };

export function t(key: Key, values: Values = {}): string {
  return fill(tables[language.current][key], values);
}

const known = (key: string): key is Key => Object.hasOwn(vi, key);

/** The sentence of a Problem's code (errors.go, and "offline" of our own). */
export function problemText(code: string): string {
  const key = `problem.${code}`;
  return t(known(key) ? key : "problem.internal");
}

/** What a camera does, or why it has nothing: "recording" or a gap cause (segment.go). */
export function causeText(cause: string | undefined): string {
  const key = `cause.${cause ?? ""}`;
  return known(key) ? t(key) : t("cause.unreported");
}

/** What was done, in the case's log; the hub's own word when it is new to us. */
export function actionText(action: string): string {
  const key = `action.${action}`;
  return known(key) ? t(key) : action;
}

/** What to do about a red line of a self-test. */
export function fixText({ name, fix }: TestLine): string {
  return t(fixKeys(name, fix).find(known)!, { code: fix ?? "?" });
}
