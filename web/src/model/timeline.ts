// The road timeline: down the page goes the road, across it goes time. Strips
// keep the order of the road and stand to scale as far as they do not overlap.

/**
 * Centres of the strips, in pixels from the top. Each wants to stand at its
 * true place; strips that would touch are spread evenly around their common
 * middle (least squares under a smallest distance: pool adjacent violators on
 * the wished places less i × apart). The picture grows when they do not fit.
 */
export function layout(
  ats: number[],
  from: number,
  to: number,
  height: number,
  apart: number,
): { rows: number[]; height: number } {
  const tall = Math.max(height, ats.length * apart);
  const room = tall - apart;
  const length = to > from ? to - from : 1;
  const slack = Math.max(0, room - (ats.length - 1) * apart);
  type Pool = { sum: number; count: number };
  const pools: Pool[] = [];
  ats.forEach((at, i) => {
    let pool: Pool = { sum: trueY((at - from) / length, room) - i * apart, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.count >= pool.sum / pool.count; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
    }
    pools.push(pool);
  });
  const rows: number[] = [];
  for (const pool of pools) {
    const y = Math.min(Math.max(pool.sum / pool.count, 0), slack);
    for (let i = 0; i < pool.count; i++) rows.push(y + rows.length * apart + apart / 2);
  }
  return { rows, height: tall };
}

function trueY(fraction: number, room: number): number {
  return Math.min(1, Math.max(0, fraction)) * room;
}

/** Where a place of the road stands on the scale beside the strips. */
export function scaleY(at: number, from: number, to: number, height: number, apart: number): number {
  return trueY(to > from ? (at - from) / (to - from) : 0, height - apart) + apart / 2;
}

/** Round marks along the road in [from, to], at most the given number. */
export function marks(from: number, to: number, most: number): number[] {
  const step = [50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000].find((s) => (to - from) / s <= most) ?? 100000;
  const out: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) out.push(at);
  return out;
}

/** A time as a part of the window, 0 to 1. */
export function fraction(at: number, from: number, to: number): number {
  return to > from ? Math.min(1, Math.max(0, (at - from) / (to - from))) : 0;
}

/**
 * The neighbour along the road: step 1 is the next home, −1 the one before.
 * null at either end, so that the key does nothing rather than wrap.
 */
export function neighbour<T>(list: T[], is: (item: T) => boolean, step: number): T | null {
  const i = list.findIndex(is);
  if (i < 0) return list[0] ?? null;
  return list[i + step] ?? null;
}
