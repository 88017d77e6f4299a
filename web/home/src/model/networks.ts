// The parts of the household's networks, in words of a router's sticker.

/** "192.168.1.0/24" as people know it: 192.168.1.x */
export function shortNetwork(prefix: string): string {
  const [address = "", bits = ""] = prefix.split("/");
  const parts = address.split(".");
  return parts.length === 4 && bits === "24" ? `${parts.slice(0, 3).join(".")}.x` : prefix;
}

/** What is ticked to begin with: home routers give 192.168; else the only one there is. */
export function preselected(offered: readonly string[], confirmed: readonly string[]): string[] {
  if (confirmed.length > 0) return offered.filter((p) => confirmed.includes(p));
  const home = offered.filter((p) => p.startsWith("192.168."));
  if (home.length > 0) return home.slice(0, 4);
  return offered.length === 1 ? [...offered] : [];
}
