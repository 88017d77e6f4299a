// The player's keys. They are silent while somebody types, chooses or is in a
// dialog, and where the focused thing has its own use for the key.

export type Keys = Record<
  "play" | "frameBack" | "frameForward" | "slower" | "faster" | "back" | "forward" | "previous" | "next" | "moving" | "movingBack" | "live",
  () => void
>;

const meaning: Record<string, keyof Keys> = {
  " ": "play",
  ",": "frameBack",
  ".": "frameForward",
  "-": "slower",
  "+": "faster",
  "=": "faster",
  ArrowLeft: "back",
  ArrowRight: "forward",
  ArrowUp: "previous",
  ArrowDown: "next",
  k: "previous",
  j: "next",
  l: "live",
  m: "moving",
};

const typing = "input, select, textarea, dialog, .maplibregl-map, [contenteditable]";

export function shortcut(event: KeyboardEvent, keys: Keys): void {
  let key = meaning[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (key === "moving" && event.shiftKey) key = "movingBack";
  if (!key || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(typing)) return;
  if (event.key === " " && target?.closest("button, a, summary")) return;
  // Arrows scroll a page or a table that is being read.
  if (event.key.startsWith("Arrow") && target?.closest("[role=region][tabindex]")) return;
  event.preventDefault();
  keys[key]();
}
