// A stretch of time on a strip, said in words.
import type { Seen } from "../api/types";
import { causeText, t } from "../i18n/index.svelte";
import { MOVING } from "../model/activity";
import type { Bar } from "../model/span";

export function barText(bar: Bar | undefined): string {
  if (!bar) return causeText(undefined);
  return bar.state ? t(`state.${bar.state}`) : causeText(bar.cause);
}

export function facingText(facing: Seen["facing"]): string {
  return t(`facing.${facing}`);
}

/** The arrow of a facing on the timeline, where kilometres grow downwards. */
export function facingArrow(facing: Seen["facing"]): string {
  return { up: "↓", down: "↑", across: "↔" }[facing];
}

/** The same with what moved there. */
export function movingText(bar: Bar | undefined, activity: number): string {
  const words = barText(bar);
  return activity >= MOVING && bar?.state ? t("line.moving", { words }) : words;
}
