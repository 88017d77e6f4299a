// The road on the picture: a polygon of points from 0 to 1, edited by hand.
import type { Point } from "../api/types";

export const most = 40; // of the API

const keep = (n: number) => Math.min(1, Math.max(0, Math.round(n * 1000) / 1000));
const inside = ({ x, y }: Point): Point => ({ x: keep(x), y: keep(y) });

/** A road seen from a wall, to begin with. */
export const usual: readonly Point[] = [{ x: 0.08, y: 0.96 }, { x: 0.36, y: 0.42 }, { x: 0.64, y: 0.42 }, { x: 0.92, y: 0.96 }];

/** A new point; from the fourth on it goes where it makes the line least longer, so that the line does not cross itself. */
export function added(points: readonly Point[], at: Point): Point[] {
  if (points.length >= most) return [...points];
  if (points.length < 3) return [...points, inside(at)];
  const detours = points.map((p, i) => {
    const q = points[(i + 1) % points.length]!;
    return Math.hypot(at.x - p.x, at.y - p.y) + Math.hypot(at.x - q.x, at.y - q.y) - Math.hypot(p.x - q.x, p.y - q.y);
  });
  const edge = detours.indexOf(Math.min(...detours));
  return [...points.slice(0, edge + 1), inside(at), ...points.slice(edge + 1)];
}

export const movedTo = (points: readonly Point[], i: number, at: Point): Point[] => points.map((p, k) => (k === i ? inside(at) : p));

export const movedBy = (points: readonly Point[], i: number, dx: number, dy: number): Point[] =>
  points.map((p, k) => (k === i ? inside({ x: p.x + dx, y: p.y + dy }) : p));

export const without = (points: readonly Point[], i: number): Point[] => points.filter((_, k) => k !== i);

/** The point under a finger, −1 for none. aspect is width by height of the picture. */
export function hit(points: readonly Point[], at: Point, reach: number, aspect: number): number {
  const far = points.map((p) => Math.hypot(p.x - at.x, (p.y - at.y) / aspect));
  const best = Math.min(...far);
  return best <= reach ? far.indexOf(best) : -1;
}

/** Share of the picture inside (shoelace formula). */
export function area(points: readonly Point[]): number {
  const twice = points.reduce((sum, p, i) => {
    const q = points[(i + 1) % points.length]!;
    return sum + p.x * q.y - q.x * p.y;
  }, 0);
  return Math.abs(twice) / 2;
}

/** Whether it says where the road is. */
export const whole = (points: readonly Point[]): boolean => points.length >= 3 && area(points) > 0.005;
