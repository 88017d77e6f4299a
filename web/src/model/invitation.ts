// An invitation's link, and when it has been taken up.
import type { Device, Household } from "../api/types";

export type Parts = { link: string; hub: string; code: string };

/**
 * What a phone's camera opened: /ghep#1.CA.SECRET (invitation.go). null when the
 * fragment is not whole. The code is in groups of four, as it is typed.
 */
export function readLink(href: string): Parts | null {
  const [address, fragment = ""] = href.split("#", 2) as [string, string?];
  const secret = /^1\.(?:[A-Za-z0-9_-]{43})?\.([A-Z2-7]{26})$/.exec(fragment)?.[1];
  if (!secret) return null;
  return { link: href, hub: address.replace(/\/ghep\/?$/, ""), code: secret.replace(/(.{4})(?=.)/g, "$1-") };
}

/** A fingerprint as two people compare it: groups of four. */
export function grouped(hex: string): string[] {
  return hex.toUpperCase().match(/.{1,4}/g) ?? [];
}

/**
 * The device that joined with an invitation: one that the household did not have, or
 * that has joined anew since.
 */
export function joinedSince(before: Household, now: Household | undefined): Device | null {
  const known = new Map(before.devices.map((d) => [d.id, d.enrolled]));
  return now?.devices.find((d) => !d.revoked && !d.left && !d.quarantined && (!known.has(d.id) || known.get(d.id) !== d.enrolled)) ?? null;
}
