// What is said at several places: a stretch of time on a strip, an ask, a clock.
import type { OwnerAsk, Road, Seen } from "../api/types";
import { causeText, t } from "../i18n/index.svelte";
import { MOVING } from "../model/activity";
import { stateOf } from "../model/offer";
import { EXACT, offsetParts } from "../model/offset";
import type { Bar } from "../model/span";
import { formatDateTime, formatTime, ms } from "../model/time";

export function barText(bar: Bar | undefined): string {
  if (!bar) return causeText(undefined);
  return bar.state ? t(`state.${bar.state}`) : causeText(bar.cause);
}

/** "Quốc lộ 4A (QL.4A)" */
export const roadName = (r: Road): string => (r.ref && !r.name.includes(r.ref) ? `${r.name} (${r.ref})`.trim() : r.name || r.ref || r.id);

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

/** What was asked of a household, and what it said. */
export function askText(ask: OwnerAsk, now: number): string {
  const until = formatDateTime(ms(ask.until));
  const time = ask.answered ? formatDateTime(ms(ask.answered)) : until;
  return t(`ask.${stateOf(ask, now)}`, { from: formatTime(ms(ask.from)), to: formatTime(ms(ask.to)), until, time });
}

/** "−7 phút" */
export function offsetText(ms: number): string {
  const { sign, parts } = offsetParts(ms);
  return sign + parts.map(([n, unit]) => t(`unit.${unit}`, { n })).join(" ");
}

/** A recorder's own clock; what is shown is corrected by it. */
export function recorderClockText(offset: number): string {
  return Math.abs(offset) < EXACT ? t("clock.recorderRight") : t("clock.recorder", { offset: offsetText(offset) });
}
