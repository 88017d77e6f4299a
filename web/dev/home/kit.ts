// What the page checks share: the built page with the policy of embed.go behind a
// mock agent, a Chromium, and what must not happen on any page. The page is opened at
// a host name over plain http, as on a home network: no secure context.
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";

const require = createRequire(import.meta.url);
const root = new URL("../../", import.meta.url);
const policy = /householdPolicy = "([^"]+)"/.exec(readFileSync(new URL("embed.go", root), "utf8"))![1]!;
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const configFile = new URL("vite.home.config.ts", root).pathname;

export type Kit = { origin: string; local: string; browser: Browser; close: () => Promise<void> };

export async function start(): Promise<Kit> {
  const outDir = mkdtempSync(join(tmpdir(), "xulang-home-"));
  await build({ configFile, logLevel: "error", build: { outDir, emptyOutDir: true } });
  const server: PreviewServer = await preview({
    configFile,
    mode: "mock",
    build: { outDir },
    preview: { port: 0, host: "127.0.0.1", allowedHosts: true, headers: { "Content-Security-Policy": policy } },
  });
  const local = server.resolvedUrls!.local[0]!.replace(/\/$/, "");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--host-resolver-rules=MAP nha.test 127.0.0.1"],
  });
  return { origin: local.replace("127.0.0.1", "nha.test"), local, browser, close: async () => { await browser.close(); await server.close(); } };
}

export type House = { preset?: string; open?: boolean; place?: boolean; fail?: Record<string, string>; state?: object };

export async function set(kit: Kit, page: Page, house: House): Promise<void> {
  await page.request.post(`${kit.local}/api/v1/mock`, { data: house });
}

export type Phone = { page: Page; complaints: string[] };
const phone = { width: 390, height: 844 };

/** A phone's page, with a list of what must not happen. */
export async function open(kit: Kit, house: House, hash = ""): Promise<Phone> {
  const page = await kit.browser.newPage({ viewport: phone, hasTouch: true, reducedMotion: "reduce", locale: "en-US", timezoneId: "America/New_York" });
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on("console", (m) => m.type() === "error" && !/status of [45]\d\d/.test(m.text()) && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(String(e)));
  page.on("request", (r) => !/^(blob|data):/.test(r.url()) && !r.url().startsWith(kit.origin) && complaints.push(`outside: ${r.url()}`));
  await set(kit, page, house);
  await page.goto(`${kit.origin}/${hash}`);
  return { page, complaints };
}

/** The same phone in another house, with nothing kept; cheaper than a new one. */
export async function reopen(kit: Kit, { page }: Phone, house: House, hash = ""): Promise<void> {
  await page.evaluate(() => localStorage.clear());
  await page.goto("about:blank");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(phone);
  await set(kit, page, house);
  await page.goto(`${kit.origin}/${hash}`);
}

export const id = (name: string) => `[data-testid="${name}"]`;
export const place = (page: Page) => page.getAttribute(id("steps"), "data-place");

/** What axe finds, of colours only or of everything; it comes through the debugging protocol, which the policy does not bind. */
export async function violations(page: Page, colours = false): Promise<string[]> {
  if (!colours) await page.evaluate(axe);
  const found = await page.evaluate((colours) =>
    (window as unknown as { axe: { run(o: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe.run({
      runOnly: colours ? { type: "rule", values: ["color-contrast"] } : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }), colours,
  );
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160) + " " + n.failureSummary).join(" | ")}`);
}

export const sideways = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Everything that is pressed on a phone is at least so many pixels high and wide. */
export const small = (page: Page, least: number) =>
  page.evaluate((least) => {
    const all = [...document.querySelectorAll<HTMLElement>("button, a.button, select, summary, input:not([type=checkbox]):not([type=radio]):not([type=file])")];
    return all
      .map((el) => ({ el, box: el.getBoundingClientRect() }))
      .filter(({ box }) => box.height > 0 && (box.height < least || box.width < least))
      .map(({ el, box }) => `${el.outerHTML.slice(0, 80)} ${Math.round(box.width)}×${Math.round(box.height)}`);
  }, least);

/** Goes with Tab alone to something; throws when it cannot be reached. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((name) => document.activeElement?.getAttribute("data-testid") === name || document.activeElement?.closest(`[data-testid="${name}"]`) !== null && document.activeElement?.tagName === "DIV", name)) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}
