// The playlist's two clocks: media time (what <video> counts) and wall time
// (EXT-X-PROGRAM-DATE-TIME, RFC 8216 section 4.3.2.6). Shapes follow hls.js.

export type Piece = {
  /** Media time of the start, seconds. */
  start: number;
  /** Seconds. */
  duration: number;
  /** Wall time of the start in ms, when the playlist says it. */
  programDateTime: number | null;
  /** An EXT-X-GAP: there is nothing to load. */
  gap?: boolean;
};

const end = (p: Piece) => (p.programDateTime ?? 0) + p.duration * 1000;

/** Media time of a wall time; a time outside of every piece goes to the nearest edge. */
export function toMedia(pieces: Piece[], wall: number): number | null {
  let best: number | null = null;
  let off = Infinity;
  for (const p of pieces) {
    if (p.programDateTime === null || p.gap) continue;
    const near = Math.min(Math.max(wall, p.programDateTime), end(p) - 1);
    if (Math.abs(near - wall) < off) {
      off = Math.abs(near - wall);
      best = p.start + (near - p.programDateTime) / 1000;
    }
  }
  return best;
}

/** Wall time of a media time. */
export function toWall(pieces: Piece[], media: number): number | null {
  let last: Piece | undefined;
  for (const p of pieces) {
    if (p.programDateTime === null) continue;
    if (p.start > media) break;
    last = p;
  }
  if (!last || last.programDateTime === null) return null;
  return last.programDateTime + Math.min(media - last.start, last.duration) * 1000;
}

/** Where footage goes on after the gap that holds a media time; null when it is not in a gap. */
export function afterGap(pieces: Piece[], media: number): number | null {
  const i = pieces.findIndex((p) => media >= p.start - 0.05 && media < p.start + p.duration);
  if (i < 0 || !pieces[i]!.gap) return null;
  return pieces.slice(i).find((p) => !p.gap)?.start ?? null;
}

/** The media type to ask the browser about, from "h265" or an RFC 6381 string. */
export function mediaType(codec: string | undefined): string | null {
  const c = (codec ?? "").toLowerCase();
  if (c === "h265" || c === "hevc") return 'video/mp4; codecs="hvc1.1.6.L93.B0"';
  if (c === "h264" || c === "") return null; // every browser plays it
  return `video/mp4; codecs="${codec}"`; // profile letters are upper case, and it matters
}

/** The name of a codec as it is printed on a camera's box. */
export function codecName(codec: string | undefined): string {
  const c = (codec ?? "").toLowerCase();
  if (/^(h265|hevc|hvc1|hev1)/.test(c)) return "H.265";
  if (/^(h264|avc1|avc3)/.test(c)) return "H.264";
  return codec ?? "";
}

export const speeds = [0.25, 0.5, 1, 2, 4, 8, 16];

/** The next speed up or down; stays at the ends. */
export function nextSpeed(speed: number, step: 1 | -1): number {
  const i = speeds.indexOf(speed);
  return speeds[Math.min(speeds.length - 1, Math.max(0, (i < 0 ? speeds.indexOf(1) : i) + step))]!;
}
