/** Days that a household is offered, the present ones among them. */
export function keepChoices(now: number): number[] {
  return [...new Set([3, 7, 14, 21, 30, now])].sort((a, b) => a - b);
}
