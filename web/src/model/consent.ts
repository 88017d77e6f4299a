// What a consent says for each kind of case.
import type { Case, Consent, ConsentLevel } from "../api/types";

export type Purpose = Case["kind"];

export const purposes: Purpose[] = ["criminal", "administrative", "missing", "emergency"];
const levels: ConsentLevel[] = ["none", "registry", "stills", "ask", "clip", "live"];

/** As LevelFor of consent.go: a purpose never has more than the whole. */
export function levelFor(consent: Consent, purpose: Purpose): ConsentLevel {
  const own = consent.for?.[purpose];
  return own && levels.indexOf(own) < levels.indexOf(consent.level) ? own : consent.level;
}

/** Levels with the purposes that have them, the most first. */
export function byLevel(consent: Consent): { level: ConsentLevel; purposes: Purpose[] }[] {
  return levels
    .map((level) => ({ level, purposes: purposes.filter((p) => levelFor(consent, p) === level) }))
    .filter((l) => l.purposes.length > 0)
    .reverse();
}

/** 6:30 of minutes since midnight. */
export function clockOf(minutes: number): string {
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
}
