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
import { roads as drawn, trouble } from "./fixtures.ts";

const policy = /securityPolicy = "([^"]+)"/.exec(readFileSync(new URL("../embed.go", import.meta.url), "utf8"))![1]!;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.XULANG_SHOTS;
// Each look on a desk by day and by night, and on the narrowest phone.
const ways: { size: [number, number]; theme: "light" | "dark" }[] = [
  { size: [1440, 900], theme: "light" }, { size: [1440, 900], theme: "dark" }, { size: [320, 640], theme: "light" },
];
if (shots) ways.push({ size: [390, 844], theme: "light" }, { size: [390, 844], theme: "dark" });

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

/** The question of a shared link: the whole road, the last whole hour, one home at a share of it. */
function question(camera = "c4", share = 0.45): string {
  const now = Math.floor(Date.now() / 3_600_000) * 3_600_000; // a round time: it stands on the very end of the scale
  const q = new URLSearchParams({
    road: "r4a", a: "0", b: "9000",
    from: new Date(now - 3_600_000).toISOString(), to: new Date(now).toISOString(),
    camera, at: new Date(now - 3_600_000 * (1 - share)).toISOString(),
  });
  return `/case/k1?${q}`;
}

const mapReady = (page: Page) => page.waitForSelector('[data-testid="map"][data-ready="true"]');

const invite = (page: Page, household: string) => page.click(`[data-household="${household}"] [data-testid="invite"]`);

const answer = (page: Page, path: string, json: unknown, status = 200) => page.route(`**/api/v1${path}`, (route) => route.fulfill({ status, json }));

const stone = async (p: Page) => {
  await p.click('[data-testid="stone-open"]');
  await p.selectOption('[data-testid="stone-road"]', "r4a");
  await p.waitForSelector('[data-testid="place-map"][data-ready="true"]');
};

const secret = "ABCDEFGHIJKLMNOPQRSTUVWX23";
const fragment = `#1.${"aB3_-".repeat(9).slice(0, 43)}.${secret}`;

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
    name: "gap", url: () => question("c9"), login: "canbo",
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
  // What a home says of a moment by its state, and by what its household shares.
  ...([
    ["recorder", "c2", 0.45, "fetch"], ["stills", "c6", 0.45, "still"], ["stills-recorder", "c6", 0.2, "still"], ["ask", "c8", 0.45, "ask"],
    ["ask-pending", "c10", 0.45, "ask"], ["ask-refused", "c11", 0.45, "ask"], ["ask-silent", "c14", 0.45, "ask"],
  ] as const).map(([name, camera, share, offer]): Look => ({
    name, url: () => question(camera, share), login: "canbo",
    ready: async (p) => { await mapReady(p); await p.waitForSelector(`[data-testid="at-home"][data-offer="${offer}"]`); },
  })),
  {
    name: "registry", url: () => question("c16"), login: "canbo",
    ready: async (p) => { await mapReady(p); await p.waitForSelector('[data-testid="blank"]'); },
  },
  {
    name: "recorder-asked", url: () => question("c2"), login: "canbo",
    ready: async (p) => { await mapReady(p); await p.click('[data-testid="fetch-short"]'); await p.waitForSelector('[data-testid="asked"]'); },
  },
  { name: "table", url: question, login: "canbo", ready: (p) => p.click('[data-testid="as-table"]') },
  {
    name: "log", url: () => "/case/k1", login: "canbo",
    ready: async (p) => { await p.click('[data-testid="log-open"]'); await p.waitForSelector('[data-testid="log"] td'); },
  },
  { name: "closed", url: () => "/case/k0", login: "canbo", ready: (p) => p.waitForSelector('[data-testid="notice"]') },
  { name: "admin", url: () => "/admin", login: "quantri", ready: (p) => p.waitForSelector('[data-testid="households"]') },
  {
    name: "place", url: () => "/admin", login: "quantri",
    ready: async (p) => {
      await p.click('[data-testid="place-open"]');
      await p.waitForSelector('[data-testid="place-map"][data-ready="true"]');
      await p.fill('[data-testid="place-lat"]', "22,02300");
      await p.fill('[data-testid="place-lon"]', "106,64000");
    },
  },
  {
    name: "upkeep", url: () => "/admin", login: "quantri",
    ready: async (p) => {
      await p.waitForSelector('[data-testid="upkeep"][data-troubles="0"]');
      await answer(p, "/upkeep", trouble(Date.now()));
      await p.click('[data-testid="refresh"]');
      await p.waitForSelector('[data-testid="grace"]');
    },
  },
  {
    name: "stone", url: () => "/admin", login: "quantri",
    ready: async (p) => {
      await stone(p);
      const [lon, lat] = drawn[0]!.line[20]!;
      await p.fill('[data-testid="stone-says"]', "3+200");
      await p.fill('[data-testid="place-lat"]', (lat! + 0.0005).toFixed(5));
      await p.fill('[data-testid="place-lon"]', lon!.toFixed(5));
      await p.check('[data-testid="stone-falling"]');
      await p.waitForSelector('[data-testid="stone-below"]');
    },
  },
  { name: "receipts", url: () => "/admin", login: "quantri", ready: async (p) => { await p.click('[data-household="h1"] [data-testid="receipts-open"]'); await p.waitForSelector("[data-receipt]"); } },
  { name: "invitation", url: () => "/admin", login: "quantri", ready: async (p) => { await invite(p, "h1"); await p.waitForSelector('[data-testid="qr"]'); } },
  { name: "invitation-late", url: () => "/admin", login: "quantri", ready: async (p) => { await invite(p, "h7"); await p.waitForSelector('[data-testid="invite-expired"]'); } },
  { name: "ghep", url: () => `/ghep${fragment}`, ready: (p) => p.waitForSelector('[data-testid="qr"]') },
  { name: "ghep-none", url: () => "/ghep", ready: (p) => p.waitForSelector('[data-testid="notice"]') },
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
  const { page, complaints } = await open(look("workspace"), "light", [1440, 900]);
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

const look = (name: string) => looks.find((l) => l.name === name)!;

test("an invitation's link is told and kept nowhere, and read when the next one is opened", async () => {
  const { page, complaints } = await open(look("ghep-none"), "light", [390, 844]);
  const told: string[] = [];
  page.on("request", (r) => told.push(`${r.url()} ${r.postData() ?? ""} ${JSON.stringify(r.headers())}`));
  await page.evaluate((f) => (location.hash = f), fragment); // the phone's camera opens it in the same tab
  await page.waitForSelector('[data-testid="qr"]');
  expect(await page.textContent('[data-testid="invite-link"]')).toBe(`${origin}/ghep${fragment}`);
  expect(await page.textContent('[data-testid="invite-code"]')).toBe("ABCD-EFGH-IJKL-MNOP-QRST-UVWX-23");
  expect(await page.textContent('[data-testid="invite-hub"]')).toBe(origin);
  await page.click('[data-testid="copy-link"]');
  await page.selectOption('[data-testid="language"]', "en");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state]));
  expect(kept).not.toContain(secret);
  expect(told.filter((r) => r.includes(secret))).toEqual([]);
  expect(await page.isVisible('[data-testid="sign-in"]')).toBe(false);
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

test("an invitation is taken up while it is shown", async () => {
  const { page, complaints } = await open(look("admin"), "light", [1440, 900]);
  await invite(page, "h9");
  await page.waitForSelector('[data-testid="qr"]');
  expect(await page.textContent('[data-testid="invite-left"]')).toMatch(/còn (10:00|9:5\d)/);
  expect((await page.textContent('[data-testid="ca-fingerprint"]'))!.trim()).toMatch(/([0-9A-F]{4}\s+){15}[0-9A-F]{4}$/);
  const before = await page.textContent('[data-testid="invite-code"]');
  await page.click('[data-testid="invite-new"]');
  await page.waitForFunction((code) => document.querySelector('[data-testid="invite-code"]')!.textContent !== code, before);
  await page.waitForSelector('[data-testid="joined"]', { timeout: 20_000 });
  expect(await page.textContent('[data-testid="joined-print"]')).toBe("H3MV-T8RC");
  if (shots) await page.screenshot({ path: join(shots, "joined.png") });
  await page.keyboard.press("Escape");
  expect(await page.getAttribute('[data-household="h9"] [data-device="UA9"]', "data-state")).toBe("linked");
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

test("a house is placed by a click or by pasted numbers", async () => {
  const { page, complaints } = await open(look("place"), "light", [1440, 900]);
  await page.fill('[data-testid="household-label"]', "Nhà 55, thôn Bản Mẫu");
  const box = (await page.locator('[data-testid="place-map"]').boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForFunction(() => (document.querySelector('[data-testid="place-lon"]') as HTMLInputElement).value !== "106,64000");
  const lon = await page.inputValue('[data-testid="place-lon"]');
  expect(lon).toMatch(/^106,6\d{4}$/);
  await page.fill('[data-testid="place-lat"]', "106,6");
  await page.fill('[data-testid="place-lon"]', "22,02");
  expect(await page.textContent('[data-testid="place"]')).toContain("đổi chỗ");
  await page.$eval('[data-testid="place-lat"]', (input) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", "22.0213, 106.6120");
    input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  });
  await page.locator('[data-testid="place-lat"]').press("Enter");
  await page.waitForFunction(() => /Nhà 55.*22,02130, 106,61200/s.test(document.querySelector('[data-testid="households"]')!.textContent!));
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

test("the store is quiet when all is well, and says first what asks for somebody", async () => {
  const { page, complaints } = await open(look("admin"), "light", [1440, 900]);
  const text = async (id: string) => (await page.textContent(`[data-testid="${id}"]`))!.replace(/\s+/g, " ");
  await page.waitForSelector('[data-testid="upkeep"]');
  expect(await text("upkeep")).toMatch(/Mọi việc đều ổn.*7 ngày: 3 camera.*24 giờ qua 21\.480 đoạn ghi \(96 GB\).*30 ngày qua 598\.212 đoạn ghi \(2,7 TB\).*mới nhất \d\d\/.*1,3 MB.*xem tên và kích thước.*301\.944 đoạn ghi, chỉ mục và kho khớp nhau.*149 MB/);
  expect(await page.textContent('[data-household="h1"] [data-testid="kept"]')).toBe("kho giữ 7 ngày");
  await answer(page, "/upkeep", trouble(Date.now()));
  await page.click('[data-testid="refresh"]');
  await page.waitForSelector('[data-testid="upkeep-act"]');
  expect(await text("upkeep-act")).toMatch(/^\s*3 đoạn chỉ mục ghi đã lưu nhưng không còn trong kho.*2 đoạn có nội dung khác.*1 giờ ghi thiếu bản kê.*1\.204 tệp/);
  expect(await page.locator("[data-remedy]").allTextContents()).toEqual(["xulang-hub check -repair", "xulang-hub check -depth 3", "xulang-hub check -delete-orphans"]);
  expect(await page.locator("[data-trouble]").evaluateAll((all) => all.map((e) => (e as HTMLElement).dataset.trouble))).toEqual(["old-snapshot", "folding", "old-check"]);
  expect(await text("upkeep")).toMatch(/1\.840 đoạn chờ xác nhận.*đã tự sửa 38 chỗ/);
  await answer(page, "/upkeep", { code: "unavailable", message: "" }, 503);
  await page.click('[data-testid="refresh"]');
  await page.waitForSelector('[data-code="unavailable"]');
  expect(await page.isVisible('[data-testid="upkeep-act"]')).toBe(true); // what was known stays
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

test("a kilometre stone is noted by a click, by an end, and refused in words", async () => {
  const { page, complaints } = await open(look("admin"), "light", [1440, 900]);
  const said = async (id: string) => (await page.textContent(`[data-testid="${id}"]`))!.replace(/\s+/g, " ").trim();
  await stone(page);
  await page.click('[data-testid="stone-save"]');
  expect(await said("stone-form")).toMatch(/Số trên cột viết như.*Chưa đánh dấu chỗ có cột/);
  await page.fill('[data-testid="stone-says"]', "12+350");
  await page.locator('[data-testid="place-map"]').scrollIntoViewIfNeeded();
  const { x, y } = await page.$eval('[data-testid="place-map"]', (el, [lon, lat]) => (el as unknown as { project(lon: number, lat: number): { x: number; y: number } }).project(lon!, lat!), drawn[0]!.line[20]!);
  await page.mouse.click(x, y);
  await page.waitForFunction(() => /km 8\+[34]\d\d.*km 17\+[34]\d\d/s.test(document.querySelector('[data-testid="stone-preview"]')!.textContent!));
  expect(await said("stone-form")).toContain("số km tăng từ đầu tây nam về đầu đông bắc");
  await page.check('[data-testid="stone-falling"]');
  expect(await said("stone-preview")).toMatch(/km 16\+[23]\d\d.*km 7\+[23]\d\d/);
  await page.fill('[data-testid="place-lat"]', "22,5");
  expect(await said("stone-where")).toMatch(/cách tuyến \d+,\d km/);
  await page.check('[data-testid="stone-last"]');
  await page.click('[data-testid="stone-save"]');
  await page.waitForSelector('[data-testid="stone-saved"]');
  expect(await said("stone-saved")).toMatch(/đọc km 21\+350, đầu đông bắc đọc km 12\+350/);
  await page.selectOption('[data-testid="stone-road"]', "r2");
  await page.fill('[data-testid="stone-says"]', "1");
  await page.check('[data-testid="stone-first"]');
  expect(await said("stone-form")).toContain("chỗ gặp Quốc lộ 4A");
  await page.click('[data-testid="stone-save"]');
  await page.waitForSelector('[data-testid="stone-form"] [data-code="unknown-road"]');
  await answer(page, "/roads", { roads: [], sketch: false });
  await page.reload();
  await page.click('[data-testid="stone-open"]');
  await page.waitForFunction(() => document.body.textContent!.includes("chưa nạp tuyến đường nào nên chưa ghi được cột km"));
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

test("boxes, cameras and self-tests of every standing are said in words", async () => {
  const { page } = await open(look("admin"), "light", [1440, 900]);
  const text = (selector: string) => page.textContent(selector);
  expect(await text('[data-device="UA2"]')).toContain("hai thiết bị cùng dùng danh tính này");
  await page.click('[data-device="UA2"] [data-testid="invite-again"]');
  await page.waitForSelector('[data-testid="invitation"]');
  await page.keyboard.press("Escape");
  expect(await text('[data-device="UA2a"]')).toContain("hộ đã tự rời");
  expect(await text('[data-device="UA7a"]')).toContain("đã thu hồi");
  expect(await text('[data-device="UA1"]')).toMatch(/phiên bản 1\.4\.0.*2 việc cần sửa/s);
  expect(await text('[data-device="UA1"] [data-test="past"]')).toContain("chỉ cho một người xem lại");
  expect(await text('[data-device="UA1"] [data-test="own"]')).toContain("lệch −7 phút 1 giây");
  expect(await text('[data-camera="c1"]')).toMatch(/đầu ghi còn hình từ .* lệch −7 phút, đã hiệu chỉnh/);
  expect(await text('[data-camera="c1b"] [data-aim]')).toContain("camera đã bị xoay");
  expect(await page.getAttribute('[data-testid="ca"]', "href")).toBe("/api/v1/ca.pem");
  await page.click('[data-household="h1"] [data-testid="receipts-open"]');
  await page.waitForSelector("[data-receipt]");
  expect(await text('[data-receipt="B-000047"]')).toMatch(/chia sẻ hình ghi: Hình sự, Khẩn cấp.*chỉ chia sẻ ảnh chụp: Người mất tích.*không chia sẻ: Hành chính.*bản 2026-11, tiếng Việt/s);
  expect(await text('[data-receipt="B-000031"]')).toContain("6:00 – 22:00");
  await page.close();
}, 60_000);

test("a household is asked for minutes, and what becomes of it stands everywhere", async () => {
  const { page, complaints } = await open(look("ask"), "light", [1440, 900]);
  expect(await page.textContent('[data-testid="player-consent"]')).toBe("hỏi từng lần");
  expect(await page.isVisible('[data-testid="still-look"]')).toBe(true);
  await page.selectOption('[data-testid="ask-minutes"]', "ten");
  await page.click('[data-testid="ask-go"]');
  await page.waitForSelector('[data-testid="ask-state"][data-ask="pending"]');
  expect(await page.textContent('[data-testid="ask-state"]')).toMatch(/đang chờ, hạn trả lời/);
  const strip = page.locator('[role="slider"][data-camera="c8"]');
  expect(await strip.locator('[data-ask="pending"]').count()).toBe(1);
  expect(await strip.getAttribute("aria-valuetext")).toContain("đang xin phép gia đình");
  await page.click('[data-testid="as-table"]');
  expect(await page.locator('[data-testid="table-ask"]').allTextContents()).toEqual(
    expect.arrayContaining([expect.stringMatching(/đang chờ/), expect.stringMatching(/từ chối/), expect.stringMatching(/đồng ý/), expect.stringMatching(/hết hạn/)]),
  );
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

test("footage in the recorder is fetched, its clock is told, there is no still before", async () => {
  const { page } = await open(look("recorder"), "light", [1440, 900]);
  expect(await page.isVisible('[data-testid="still-look"]')).toBe(false);
  expect(await page.textContent('[data-testid="player-recorder"]')).toMatch(/trên đầu ghi: \d\d:20:00 · đồng hồ đầu ghi lệch −7 phút, đã hiệu chỉnh/);
  expect(await page.textContent('[data-testid="timeline"]')).toBeTruthy();
  expect(await page.locator('[role="slider"][data-camera="c2"] [data-state="recorder"].tone-recorder').count()).toBe(1);
  expect(await page.getAttribute('[data-map-camera="c14"]', "aria-label")).toContain("hình còn ở đầu ghi");
  await page.click('[data-testid="fetch-short"]');
  await page.waitForSelector('[data-testid="asked"]');
  expect(await page.textContent('[data-testid="asked"]')).toContain("chép từ đầu ghi");
  await page.goto(origin + question("c6", 0.2));
  await page.waitForSelector('[data-offer="still"]');
  expect(await page.isVisible('[data-testid="still-look"]')).toBe(false);
  await page.locator('[role="slider"][data-camera="c6"]').press("End");
  await page.waitForSelector('[data-testid="still-look"]');
  expect(await page.isVisible('[data-testid="fetch-short"]')).toBe(false);
  await page.close();
}, 60_000);

describe.each(looks)("$name", (look) => {
  test.each(ways)(
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
