import { expect, test } from "vitest";
import { readCode, readInvite } from "./invite.ts";

const ca = "A".repeat(43);
const secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const link = `https://hub.xa-mau.example/ghep#1.${ca}.${secret}`;

test.each([
  [link, { link }],
  [`  Mời gia đình: ${link}\n`, { link }],
  [`http://192.168.1.2:8470/ghep#1..${secret}`, { link: `http://192.168.1.2:8470/ghep#1..${secret}` }],
  [`https://hub.xa-mau.example/xa/ghep#1.${ca}.${secret.toLowerCase()}`, { link: `https://hub.xa-mau.example/xa/ghep#1.${ca}.${secret.toLowerCase()}` }],
  ["", { wrong: "empty" }],
  ["   ", { wrong: "empty" }],
  ["WIFI:S:nha-toi;T:WPA;P:matkhau;;", { wrong: "other" }],
  ["https://example.vn/menu", { wrong: "other" }],
  [link.slice(0, -3), { wrong: "cut" }],
  ["https://hub.xa-mau.example/ghep", { wrong: "cut" }],
  [link.replace(ca, ca.slice(1)), { wrong: "cut" }],
])("%s", (text, wanted) => expect(readInvite(text)).toEqual(wanted));

test.each([
  [secret, "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ"],
  ["abcd-efgh-ijkl-mnop-qrst-uvwx-yz", "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ"],
  ["0bcd efgh 1jkl mnop qrst uvwx 8z", "OBCD-EFGH-IJKL-MNOP-QRST-UVWX-BZ"],
  ["abcd", null],
  [`${secret}2`, null],
  ["ABCD-EFGH-IJKL-MNOP-QRST-UVWX-Y9", null],
])("a typed code %s", (text, wanted) => expect(readCode(text)).toBe(wanted));
