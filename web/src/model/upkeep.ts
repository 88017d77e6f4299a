// What of the upkeep asks for somebody, the gravest first; what is well is not here.
import type { FindingCount, Household, Upkeep } from "../api/types";
import { HOUR, MINUTE, ms } from "./time";

type Kind = FindingCount["kind"];
/** repair: the check mends it; orphans: it deletes what nobody knows, when told to; person: it can do nothing. */
export type Remedy = "repair" | "orphans" | "person";

export type Trouble =
  | { is: "finding"; kind: Kind; count: number; remedy: Remedy }
  | { is: "no-snapshot" }
  | { is: "old-snapshot" | "old-check" | "folding"; at: number }
  | { is: "unsent"; count: number; at: number };

const SNAPSHOT_OLD = HOUR; // one is due every ten minutes
const CHECK_OLD = 36 * HOUR; // one is due every night
const FOLD_OLD = 2 * HOUR; // an hour is folded when it has closed
const SEND_OLD = 10 * MINUTE; // journals go out within seconds

const remedies: Partial<Record<Kind, Remedy>> = { missing: "repair", astray: "repair", leftover: "repair", orphan: "orphans" };

/** Since when facts wait in the database alone, as far as this page has seen; null while none do. */
export function unsentSince(before: number | null, upkeep: Upkeep, now: number): number | null {
  return upkeep.index.unsent === 0 ? null : (before ?? now);
}

export function troubles(u: Upkeep, unsent: number | null, now: number): Trouble[] {
  const out: Trouble[] = [];
  for (const f of u.check?.findings ?? []) {
    const count = f.count - f.repaired;
    if (count > 0) out.push({ is: "finding", kind: f.kind, count, remedy: remedies[f.kind] ?? "person" });
  }
  if (!u.snapshot) out.push({ is: "no-snapshot" });
  else if (now - ms(u.snapshot.at) > SNAPSHOT_OLD) out.push({ is: "old-snapshot", at: ms(u.snapshot.at) });
  if (unsent !== null && now - unsent > SEND_OLD) out.push({ is: "unsent", count: u.index.unsent, at: unsent });
  if (u.index.oldest && now - ms(u.index.oldest) > FOLD_OLD) out.push({ is: "folding", at: ms(u.index.oldest) });
  if (u.check && now - ms(u.check.ended) > CHECK_OLD) out.push({ is: "old-check", at: ms(u.check.ended) });
  return out;
}

/** What is to be done about the findings, each once, in their order. */
export function remediesOf(all: Trouble[]): Remedy[] {
  return [...new Set(all.flatMap((x) => (x.is === "finding" ? [x.remedy] : [])))];
}

/** Mended by the check itself. */
export const repaired = (u: Upkeep): number => (u.check?.findings ?? []).reduce((sum, f) => sum + f.repaired, 0);

/** For how many days the hub keeps what a household's cameras sent; more than one only while a change is on its way. */
export function keptDays(household: Household): number[] {
  const days = household.devices.flatMap((d) => (d.revoked || d.left ? [] : d.cameras.flatMap((c) => c.keep_days ?? [])));
  return [...new Set(days)].sort((a, b) => a - b);
}
