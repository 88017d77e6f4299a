// Marks along a road, written as on Vietnamese kilometre stones: "km 12+350".

export function formatKm(metres: number): string {
  const whole = Math.round(metres);
  const km = Math.floor(whole / 1000);
  return `km ${km}+${String(whole - km * 1000).padStart(3, "0")}`;
}

/** Only the number, for an input: "12+350". */
export function kmInput(metres: number): string {
  return formatKm(metres).slice(3);
}

/** 350 m, 2,4 km */
export function formatMetres(metres: number, decimal: "," | "."): string {
  if (metres < 1000) return `${Math.round(metres)} m`;
  return `${(metres / 1000).toFixed(1).replace(".", decimal)} km`;
}

/** Reads "12+350", "km 12+350", "12,35" or "12.35" as metres; null when it is none. */
export function parseKm(text: string): number | null {
  const bare = text.trim().toLowerCase().replace(/^km\s*/, "");
  const stone = /^(\d{1,5})\s*\+\s*(\d{1,3})$/.exec(bare);
  if (stone) return Number(stone[1]) * 1000 + Number(stone[2]);
  if (!/^\d{1,5}([.,]\d{1,3})?$/.test(bare)) return null;
  return Math.round(Number(bare.replace(",", ".")) * 1000);
}
