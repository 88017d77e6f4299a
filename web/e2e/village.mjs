// What the browser tests share: a Chromium, a signed-in page, and the rules that
// hold on every page: no request leaves the hub, no error in the console.
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";

export const hub = process.env.XULANG_HUB;
assert.ok(hub, "XULANG_HUB names the hub to test against; go test ./cmd/xulang-village sets it");

export const officer = { login: "canbo", password: "can-bo-lang-mau" };
export const administrator = { login: "quantri", password: "quan-tri-lang-mau" };

const axe = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.XULANG_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
      "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
}

/** A page of its own with its own cookies. `faults` collects what must not happen. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "vi-VN", timezoneId: "America/Lima", ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (m) => {
    if (m.type() === "error" && !/status of 4\d\d/.test(m.text())) page.faults.push(`console: ${m.text()}`);
  });
  page.on("pageerror", (e) => page.faults.push(`error: ${e}`));
  page.on("request", (r) => {
    if (/^(https?|wss?):/.test(r.url()) && !r.url().startsWith(hub)) page.faults.push(`outside request: ${r.url()}`);
  });
  return page;
}

export async function signIn(page, who) {
  await page.goto(hub);
  await page.fill("[data-testid=login]", who.login);
  await page.fill("[data-testid=password]", who.password);
  await page.click("[data-testid=sign-in-go]");
}

export async function openCase(page, number) {
  await page.waitForSelector("[data-testid=case-new], [data-testid=case-form]"); // the form is open while there is no case yet
  if (!(await page.isVisible("[data-testid=case-form]"))) await page.click("[data-testid=case-new]");
  await page.fill("[data-testid=case-number]", number);
  await page.fill("[data-testid=case-basis]", "Điều 107 BLTTHS 2015");
  await page.fill("[data-testid=case-summary]", "Mất xe máy gần Nhà 05");
  await page.click("[data-testid=case-open]");
  await page.waitForSelector("[data-testid=map][data-ready=true]");
}

/** Clicks the map at a metre of the main road, as a person would at that place. */
export async function clickRoad(page, metre) {
  const where = await page.evaluate(async (metre) => {
    const { roads } = await (await fetch("/api/v1/roads")).json();
    const { line, length } = roads.find((r) => r.id === "ql4a");
    const [lon, lat] = line[Math.round((metre / length) * (line.length - 1))];
    const map = document.querySelector("[data-testid=map]");
    const { x, y } = map.project(lon, lat);
    return { x, y };
  }, metre);
  await page.mouse.click(where.x, where.y);
}

/** dd/mm/yyyy hh:mm:ss as in Lạng Sơn, whatever the browser's zone. */
export function local(time) {
  const d = new Date(new Date(time).getTime() + 7 * 3600e3).toISOString();
  return `${d.slice(8, 10)}/${d.slice(5, 7)}/${d.slice(0, 4)} ${d.slice(11, 19)}`;
}

export async function search(page, from, to) {
  await page.fill("[data-testid=window-from]", local(from));
  await page.fill("[data-testid=window-to]", local(to));
  await page.click("[data-testid=search]");
  await page.waitForSelector("[data-testid=timeline] [data-camera]");
}

/** WCAG 2.2 AA by axe-core: no violation. */
export async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`), [], what);
}

/** Waits until the video shows pictures and its time runs. */
export async function plays(page, testid, timeout = 30_000) {
  await page.waitForFunction((id) => {
    const v = document.querySelector(`[data-testid=${id}]`);
    if (!v || v.videoWidth === 0) return false;
    v.dataset.seen ??= String(v.currentTime);
    return Math.abs(v.currentTime - Number(v.dataset.seen)) > 0.7;
  }, testid, { timeout });
}
