// Every page in light and dark at three widths, on the built web with the
// hub's own content security policy: axe finds nothing, nothing scrolls
// sideways, no outside host is asked, and nothing is logged as an error.
// With XULANG_SHOTS=folder each page is also kept as a picture.
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const policy = /securityPolicy = "([^"]+)"/.exec(readFileSync(new URL("../embed.go", import.meta.url), "utf8"))![1]!;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.XULANG_SHOTS;
const sizes: [number, number][] = [[1440, 900], [320, 640]];
if (shots) sizes.push([390, 844]);

let server: PreviewServer;
let browser: Browser;
let origin = "";

beforeAll(async () => {
  const outDir = mkdtempSync(join(tmpdir(), "xulang-web-"));
  await build({ logLevel: "error", build: { outDir, emptyOutDir: true } });
  server = await preview({
    mode: "mock",
    build: { outDir },
    preview: { port: 0, host: "127.0.0.1", headers: { "Content-Security-Policy": policy } },
  });
  origin = server.resolvedUrls!.local[0]!.replace(/\/$/, "");
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
  });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const signIn = async (page: Page, login: string) => {
  await page.request.post(`${origin}/api/v1/session`, { data: { login, password: "long enough" } });
};

/** The question of a shared link: the whole road, the last whole hour. */
function question(): string {
  const now = Math.floor(Date.now() / 3_600_000) * 3_600_000; // a round time: it stands on the very end of the scale
  const q = new URLSearchParams({
    road: "r4a", a: "0", b: "9000",
    from: new Date(now - 3_600_000).toISOString(), to: new Date(now).toISOString(),
    camera: "c4", at: new Date(now - 1_980_000).toISOString(),
  });
  return `/case/k1?${q}`;
}

const mapReady = (page: Page) => page.waitForSelector('[data-testid="map"][data-ready="true"]');

type Look = { name: string; url: () => string; login?: string; ready: (page: Page) => Promise<unknown> };
const looks: Look[] = [
  { name: "sign-in", url: () => "/", ready: (p) => p.waitForSelector('[data-testid="sign-in"]') },
  { name: "setup", url: () => "/setup#token", ready: (p) => p.waitForSelector('[data-testid="setup"]') },
  { name: "cases", url: () => "/cases", login: "canbo", ready: (p) => p.waitForSelector('[data-testid="cases"]') },
  { name: "case-form", url: () => "/cases", login: "canbo", ready: (p) => p.click('[data-testid="case-new"]') },
  { name: "workspace", url: () => "/case/k1", login: "canbo", ready: mapReady },
  {
    name: "result", url: question, login: "canbo",
    ready: async (p) => { await mapReady(p); await p.waitForSelector('[data-testid="timeline"] [data-camera="c4"]'); },
  },
  {
    name: "gap", url: () => question().replace("c4", "c9"), login: "canbo",
    ready: async (p) => { await mapReady(p); await p.waitForSelector('[data-testid="blank"]'); },
  },
  {
    name: "home", url: () => question().replace("c4", "c5").replace(/at=[^&]*/, ""), login: "canbo",
    ready: async (p) => {
      await mapReady(p);
      await p.locator('[data-testid="timeline"] [data-camera="c5"]').click({ position: { x: 20, y: 10 } });
      await p.click('[data-testid="fetch-short"]');
      await p.waitForSelector('[data-testid="asked"]');
    },
  },
  { name: "table", url: question, login: "canbo", ready: (p) => p.click('[data-testid="as-table"]') },
  {
    name: "log", url: () => "/case/k1", login: "canbo",
    ready: async (p) => { await p.click('[data-testid="log-open"]'); await p.waitForSelector('[data-testid="log"] td'); },
  },
  { name: "closed", url: () => "/case/k0", login: "canbo", ready: (p) => p.waitForSelector('[data-testid="notice"]') },
  { name: "admin", url: () => "/admin", login: "quantri", ready: (p) => p.waitForSelector('[data-testid="households"]') },
  {
    name: "invitation", url: () => "/admin", login: "quantri",
    ready: async (p) => { await p.click('[data-testid="invite"] >> nth=0'); await p.waitForSelector('[data-testid="invite-code"]'); },
  },
];

async function open(look: Look, colorScheme: "light" | "dark", size: [number, number]) {
  const page = await browser.newPage({
    viewport: { width: size[0], height: size[1] }, colorScheme, bypassCSP: false, reducedMotion: "reduce", locale: "en-US", timezoneId: "America/New_York",
  });
  const complaints: string[] = [];
  page.on("console", (m) => m.type() === "error" && !/status of 4\d\d|status of 503/.test(m.text()) && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(String(e)));
  page.on("request", (r) => !/^(blob|data):/.test(r.url()) && !r.url().startsWith(origin) && complaints.push(`outside: ${r.url()}`));
  if (look.login) await signIn(page, look.login);
  else await page.request.delete(`${origin}/api/v1/session`);
  await page.goto(origin + look.url());
  await look.ready(page);
  await page.evaluate(() => document.fonts.ready);
  return { page, complaints };
}

test("two clicks on the road, search, a home: all in the address", async () => {
  const { page, complaints } = await open(looks.find((l) => l.name === "workspace")!, "light", [1440, 900]);
  const { roads } = (await (await page.request.get(`${origin}/api/v1/roads`)).json()) as { roads: { line: number[][] }[] };
  for (const k of [3, 42]) {
    const at = await page.$eval('[data-testid="map"]', (el, [lon, lat]) => (el as unknown as { project(lon: number, lat: number): { x: number; y: number } }).project(lon!, lat!), roads[0]!.line[k]!);
    await page.mouse.click(at.x, at.y);
    // MapLibre tells a click from a double click by waiting; so does this.
    await page.waitForSelector(k === 3 ? ".text.pin .label" : '[data-testid="stretch"]');
  }
  await page.fill('[data-testid="around"]', "22/11/2026 14:05");
  await page.click('[data-testid="around-go"]');
  expect(await page.inputValue('[data-testid="window-from"]')).toBe("22/11/2026 13:55:00");
  await page.click('[data-testid="search"]');
  await page.locator('[role="slider"][data-camera="c7"]').click();
  const q = new URL(page.url()).searchParams;
  expect([q.get("road"), q.get("camera"), q.get("from")]).toEqual(["r4a", "c7", "2026-11-22T06:55:00.000Z"]);
  expect(await page.textContent('[data-testid="blank"]')).toContain("sai mật khẩu camera");
  await page.keyboard.press("ArrowDown"); // on the strip: the next home at the same time
  expect(await page.textContent('[data-testid="player-home"]')).toBe("Nhà 08");
  await page.locator('[data-testid="player-home"]').click();
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

describe.each(looks)("$name", (look) => {
  test.each(sizes.flatMap((size) => (["light", "dark"] as const).map((theme) => ({ size, theme }))))(
    "$size $theme",
    async ({ size, theme }) => {
      const { page, complaints } = await open(look, theme, size);
      if (shots) await page.screenshot({ path: join(shots, `${look.name}-${size[0]}-${theme}.png`), fullPage: size[0] < 1000 });
      // Through the debugging protocol, which the policy does not bind.
      await page.evaluate(axe);
      const found = await page.evaluate(() =>
        (window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run({
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }),
      );
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      await page.close();
      expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160) + " " + n.failureSummary).join(" | ")}`)).toEqual([]);
      expect(sideways).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
    },
    60_000,
  );
});
