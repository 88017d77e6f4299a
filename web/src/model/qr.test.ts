import decodeQR from "qr/decode.js";
import { expect, test } from "vitest";
import { drawQR, path } from "./qr";

test("runs of dark modules", () => {
  expect(path([[true, true, false, true], [false, false, false, false], [false, true, true, true]])).toBe("M0 0h2v1H0zM3 0h1v1H3zM1 2h3v1H1z");
});

test("a decoder reads the drawn code", async () => {
  const link = `https://hub.xa-mau.example:8470/ghep#1.${"aB3_-".repeat(9).slice(0, 43)}.ABCDEFGHIJKLMNOPQRSTUVWX23`;
  const { path: d, size } = await drawQR(link);
  const scale = 6;
  const data = new Uint8ClampedArray(size * scale * size * scale * 4).fill(255);
  for (const [, x, y, w] of d.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++) {
      for (let col = Number(x) * scale; col < (Number(x) + Number(w)) * scale; col++) data.fill(0, (row * size * scale + col) * 4, (row * size * scale + col) * 4 + 3);
    }
  }
  expect(decodeQR({ width: size * scale, height: size * scale, data })).toBe(link);
});
