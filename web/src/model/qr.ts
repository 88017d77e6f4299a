// A QR code as one SVG path. The encoder is loaded when a code is to be drawn.

export type Drawing = { path: string; size: number };

// ISO/IEC 18004, 9.1: four modules of quiet zone on each side.
const QUIET = 4;

/** size counts modules with the quiet zone; one unit of the path is one module. */
export async function drawQR(text: string): Promise<Drawing> {
  const { encodeQR } = await import("qr");
  const modules = encodeQR(text, "raw", { ecc: "medium", border: QUIET });
  return { path: path(modules), size: modules.length };
}

/** Runs of dark modules, row by row. */
export function path(modules: boolean[][]): string {
  let d = "";
  modules.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x++;
      d += `M${from} ${y}h${x - from + 1}v1H${from}z`;
    }
  });
  return d;
}
