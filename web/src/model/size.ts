// Sizes in decimal units, as disks and lines are sold.
const units = ["B", "kB", "MB", "GB", "TB"];

/** 1,2 GB (or 1.2 GB with a point). */
export function formatSize(bytes: number, comma: boolean): string {
  let unit = 0;
  let n = bytes;
  for (; n >= 999.5 && unit < units.length - 1; unit++) n /= 1000;
  return `${formatNumber(n, n < 10 && unit > 0 ? 1 : 0, comma)} ${units[unit]}`;
}

export function formatNumber(n: number, digits: number, comma: boolean): string {
  const text = n.toFixed(digits);
  return comma ? text.replace(".", ",") : text;
}

/** 1.234.567 (or 1,234,567), of what is counted. */
export function formatCount(n: number, comma: boolean): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, comma ? "." : ",");
}
