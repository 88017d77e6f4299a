// Times are milliseconds since the epoch inside and Vietnam time outside,
// whatever zone the browser has. Vietnam is UTC+7 all year and has been since
// 1975, so a constant is exact for any footage.

const OFFSET = 7 * 3_600_000;

export const SECOND = 1000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const two = (n: number) => String(n).padStart(2, "0");

/** Milliseconds of an RFC 3339 time; NaN when it is none. */
export function ms(rfc3339: string): number {
  return Date.parse(rfc3339);
}

export function rfc3339(at: number): string {
  return new Date(at).toISOString();
}

/** 22/11/2026 */
export function formatDate(at: number): string {
  const d = new Date(at + OFFSET);
  return `${two(d.getUTCDate())}/${two(d.getUTCMonth() + 1)}/${d.getUTCFullYear()}`;
}

/** 14:05:09 */
export function formatTime(at: number): string {
  const d = new Date(at + OFFSET);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
}

/** 22/11/2026 14:05:09 */
export function formatDateTime(at: number): string {
  return `${formatDate(at)} ${formatTime(at)}`;
}

/** 14:05:09.250, for the player: two frames differ by tens of milliseconds. */
export function formatTimeMillis(at: number): string {
  const whole = Math.round(at);
  return `${formatTime(whole)}.${String(((whole % 1000) + 1000) % 1000).padStart(3, "0")}`;
}

/** 1:05:09 or 5:09 */
export function formatLength(length: number): string {
  const s = Math.max(0, Math.round(length / SECOND));
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

// [date] time, the date being d/m or d/m/yyyy and the time h:mm or h:mm:ss
// ("14h05" is how it is said and often typed).
const typed =
  /^(?:(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?[ ,]+)?(\d{1,2})[:hg](\d{2})(?::(\d{2}))?$/;

/**
 * Reads what a person typed as Vietnam time: "22/11/2026 14:05:09", "22/11 14:05"
 * or "14:05" (the day of now, or the day before when that is still to come).
 * null when it is no time.
 */
export function parseTyped(text: string, now: number): number | null {
  const m = typed.exec(text.trim().replace(/\s+/g, " "));
  if (!m) return null;
  const today = new Date(now + OFFSET);
  const day = m[1] ? Number(m[1]) : today.getUTCDate();
  const month = m[2] ? Number(m[2]) - 1 : today.getUTCMonth();
  const year = m[3] ? Number(m[3]) : today.getUTCFullYear();
  const [hour, minute, second] = [Number(m[4]), Number(m[5]), Number(m[6] ?? 0)];
  const at = Date.UTC(year, month, day, hour, minute, second);
  const back = new Date(at); // 31/2 or 25:00 come back as something else
  if (back.getUTCDate() !== day || back.getUTCMonth() !== month) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const utc = at - OFFSET;
  return !m[1] && utc > now ? utc - DAY : utc;
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/** Round times in [from, to], at most the given number of them. */
export function ticks(from: number, to: number, most: number): number[] {
  const step = (steps.find((s) => (to - from) / (s * SECOND) <= most) ?? 86400) * SECOND;
  const out: number[] = [];
  for (let at = Math.ceil((from + OFFSET) / step) * step - OFFSET; at <= to; at += step) out.push(at);
  return out;
}
