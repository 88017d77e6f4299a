// A browser on the built web with the hub's own content security policy, before a mock hub
// of its own. What a page logs as an error and what it asks of another host is kept.
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { build, preview } from "vite";

const policy = /securityPolicy = "([^"]+)"/.exec(readFileSync(new URL("../../embed.go", import.meta.url), "utf8"))![1]!;
export const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures are kept; none are without it. */
export const shots = process.env.XULANG_SHOTS;

export type Kit = Awaited<ReturnType<typeof start>>;
export type Theme = "light" | "dark";
export type Size = [width: number, height: number];

export async function start() {
  const outDir = mkdtempSync(join(tmpdir(), "xulang-web-"));
  await build({ logLevel: "error", build: { outDir, emptyOutDir: true } });
  const server = await preview({
    mode: "mock",
    build: { outDir },
    preview: { port: 0, host: "127.0.0.1", headers: { "Content-Security-Policy": policy } },
  });
  const origin = server.resolvedUrls!.local[0]!.replace(/\/$/, "");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
  });

  /** login: of nobody without it. */
  async function open(path: string, login?: string, colorScheme: Theme = "light", [width, height]: Size = [1440, 900]) {
    const page = await browser.newPage({
      viewport: { width, height }, colorScheme, bypassCSP: false, reducedMotion: "reduce", locale: "en-US", timezoneId: "America/New_York",
    });
    const complaints: string[] = [];
    page.on("console", (m) => m.type() === "error" && !/status of 4\d\d|status of 503/.test(m.text()) && complaints.push(m.text()));
    page.on("pageerror", (e) => complaints.push(String(e)));
    page.on("request", (r) => !/^(blob|data):/.test(r.url()) && !r.url().startsWith(origin) && complaints.push(`outside: ${r.url()}`));
    if (login) await page.request.post(`${origin}/api/v1/session`, { data: { login, password: "long enough" } });
    else await page.request.delete(`${origin}/api/v1/session`);
    await page.goto(origin + path);
    return { page, complaints };
  }

  const close = async (): Promise<void> => {
    await browser.close();
    await server.close();
  };
  return { origin, open, close };
}

/** The hub answers that, from now on. */
export const answer = (page: Page, path: string, json: unknown, status = 200) => page.route(`**/api/v1${path}`, (route) => route.fulfill({ status, json }));

export const invite = (page: Page, household: string) => page.click(`[data-household="${household}"] [data-testid="invite"]`);

/** A place in client pixels, of a map that is drawn. */
export const project = (page: Page, map: string, [lon, lat]: number[]) =>
  page.$eval(`[data-testid="${map}"]`, (el, [x, y]) => (el as unknown as { project(lon: number, lat: number): { x: number; y: number } }).project(x!, y!), [lon!, lat!]);

/** To the form for a stone of the main road. */
export async function stone(page: Page): Promise<void> {
  await page.click('[data-testid="stone-open"]');
  await page.selectOption('[data-testid="stone-road"]', "r4a");
  await page.waitForSelector('[data-testid="place-map"][data-ready="true"]');
}
