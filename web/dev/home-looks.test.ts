// Every place of the household's page on a phone, light and dark, in both languages:
// axe finds nothing, nothing scrolls sideways at 320 px, what is pressed is large, and
// nothing is asked of another host. XULANG_SHOTS=folder keeps the pictures.
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { id, open, reopen, sideways, small, start, violations, type House, type Kit, type Phone } from "./home/kit.ts";

let kit: Kit;
let phone: Phone;
beforeAll(async () => {
  kit = await start();
  phone = await open(kit, {});
}, 60_000);
afterAll(() => kit?.close());

const pictures = (p: Page) => p.waitForFunction(() => !document.querySelector("[data-phase=loading]"));
const seen = (p: Page) => p.waitForSelector(`${id("sights")}[data-known=true]`);
const outlined = async (p: Page) => {
  await seen(p);
  await p.waitForSelector("[data-phase=shown]");
  await p.click(id("to-outline"));
  await p.click(id("outline-usual"));
};

type Look = { name: string; house: House; hash?: string; ready: (p: Page) => Promise<unknown> };
const looks: Look[] = [
  { name: "gate", house: { preset: "pair", open: false }, ready: (p) => p.waitForSelector(id("gate")) },
  { name: "pair", house: { preset: "pair" }, ready: (p) => p.click(`${id("pair-typed")} summary`) },
  { name: "paired", house: { preset: "find" }, hash: "#pair", ready: (p) => p.waitForSelector(id("paired")) },
  { name: "networks", house: { preset: "find" }, ready: (p) => p.waitForSelector(id("networks")) },
  { name: "no-network", house: { preset: "find", state: { networks: { offered: [], confirmed: [] } } }, ready: (p) => p.waitForSelector(id("problem")) },
  {
    name: "found", house: { preset: "search", fail: { "POST /recorders": "wrong-password:1" } },
    ready: async (p) => {
      await p.waitForSelector(id("find-again"));
      await p.click(`${id("expert")} summary`);
      await p.click(`${id("found-open")} >> nth=0`);
      await p.fill(id("recorder-password"), "x");
      await p.click(id("recorder-go"));
      await p.waitForSelector("[data-code=wrong-password]");
    },
  },
  { name: "opened", house: { preset: "choose" }, hash: "#find", ready: (p) => p.waitForSelector(id("recorder")) },
  { name: "choose", house: { preset: "choose" }, ready: async (p) => { await pictures(p); await p.click("[data-channel='0'] .name"); } },
  { name: "choose-again", house: { preset: "aim" }, hash: "#choose", ready: (p) => p.waitForSelector("[data-channel='2'] input:disabled") },
  { name: "sign-in-again", house: { preset: "aim" }, hash: "#find", ready: (p) => p.click(`${id("recorder-again")} summary`) },
  { name: "place", house: { preset: "aim", place: false }, ready: (p) => p.waitForSelector(id("place-house")) },
  { name: "aim", house: { preset: "aim" }, ready: async (p) => { await seen(p); await p.waitForSelector("[data-phase=shown]"); } },
  { name: "no-map", house: { preset: "aim", fail: { "GET /map": "unreachable" } }, ready: (p) => p.waitForSelector("[data-code=unreachable]") },
  { name: "outline", house: { preset: "aim" }, ready: async (p) => { await outlined(p); await p.click(`${id("outline-fine")} summary`); } },
  { name: "accept", house: { preset: "aim" }, ready: async (p) => { await outlined(p); await p.click(id("to-accept")); await p.click(id("before-yes")); } },
  {
    name: "consent", house: { preset: "consent" },
    ready: async (p) => {
      await p.click(id("level-clip"));
      for (const fold of ["fold-purposes", "fold-hours", "fold-more"]) await p.click(`${id(fold)} summary`);
      await p.click(id("hours-on"));
    },
  },
  { name: "receipt", house: { preset: "consent" }, ready: async (p) => { await p.click(id("level-ask")); await p.click(id("consent-all")); await p.click(id("consent-go")); await p.waitForSelector(id("receipt")); } },
  { name: "test", house: { preset: "selftest" }, hash: "#selftest", ready: (p) => p.waitForSelector(id("test-go")) },
  { name: "red", house: { preset: "red" }, hash: "#selftest", ready: (p) => p.waitForSelector(id("test-lines")) },
  { name: "home", house: { preset: "home" }, ready: pictures },
  {
    name: "home-open", house: { preset: "home" },
    ready: async (p) => {
      await pictures(p);
      await p.click(`${id("check-go")} >> nth=1`);
      await p.waitForSelector("[data-found=turned]");
      await p.click(`${id("camera-more")} summary >> nth=0`);
      await p.click(id("pause"));
      await p.waitForSelector("[data-paused=true]");
      await p.click(id("leave"));
    },
  },
  { name: "quarantined", house: { preset: "quarantined" }, ready: (p) => p.waitForSelector(id("trouble")) },
];

test.each(looks)("$name", async (look) => {
  const { page, complaints } = phone;
  complaints.length = 0;
  await reopen(kit, phone, look.house, look.hash);
  await look.ready(page);
  await page.evaluate(() => document.fonts.ready);
  const keep = async (as: string) => process.env.XULANG_SHOTS && page.screenshot({ path: join(process.env.XULANG_SHOTS, `home-${look.name}-${as}.png`), fullPage: true });
  await keep("light");
  expect(await violations(page)).toEqual([]);
  expect(await small(page, 44)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  await keep("dark");
  expect(await violations(page, true)).toEqual([]);
  await page.click(id("language"));
  expect(await page.getAttribute("html", "lang")).toBe("en");
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 700 });
    expect(await sideways(page), `${width} px, English`).toBeLessThanOrEqual(0);
  }
  await page.click(id("language"));
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await sideways(page), "320 px").toBeLessThanOrEqual(0);
  await keep("320");
  expect(complaints).toEqual([]);
}, 30_000);
