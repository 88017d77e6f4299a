// The main job in a real browser against the running village.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { accessible, clickRoad, newPage, officer, openBrowser, openCase, plays, search, signIn } from "./village.mjs";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

const began = process.env.XULANG_BEGAN ?? new Date(Date.now() - 5 * 60e3).toISOString();

test("sign in, case, two clicks, window, homes in road order, clip, live", async () => {
  const page = await newPage(browser);
  await signIn(page, officer);
  await openCase(page, `${Date.now()}/2026`);
  await accessible(page, "workspace without a question");
  await clickRoad(page, 1300);
  await clickRoad(page, 4800);
  await page.waitForFunction(() => /km/.test(document.querySelector("[data-testid=stretch]")?.textContent ?? ""));
  await search(page, began, Date.now());

  const order = await page.$$eval("[data-testid=timeline] [role=slider]", (all) =>
    all.map((e) => ({ y: e.getBoundingClientRect().y, label: e.getAttribute("aria-label").match(/Nhà \d\d/)[0] }))
      .sort((a, b) => a.y - b.y).map((e) => e.label));
  assert.deepEqual(order, [...order].sort(), "homes in road order");
  assert.ok(order.length >= 4, `homes: ${order}`);
  await accessible(page, "workspace with an answer");

  await choose(page, "Nhà 07", 0.7);
  await plays(page, "player");
  const shown = await page.$eval("[data-testid=player]", (v) => {
    const c = Object.assign(document.createElement("canvas"), { width: v.videoWidth, height: v.videoHeight });
    const g = c.getContext("2d");
    g.drawImage(v, 0, 0);
    return [...g.getImageData(v.videoWidth / 2, v.videoHeight - 60, 1, 1).data];
  });
  assert.ok(Math.max(...shown.slice(0, 3)) > 40, `the picture is black: ${shown}`);
  await accessible(page, "workspace with a clip");

  await page.click("[data-testid=live-toggle]");
  await plays(page, "live");
  await page.click("[data-testid=live-toggle]");
  await page.waitForSelector("[data-testid=live]", { state: "detached" });

  await page.click("[data-testid=log-open]");
  await page.waitForFunction(() => document.body.innerText.includes("Nhà 07"));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("footage at home: one frame, a request, the clip", async () => {
  const page = await newPage(browser);
  await signIn(page, officer);
  await openCase(page, `${Date.now()}/2026-nha`);
  await chooseKm(page, "5,5", "9");
  await search(page, began, Date.now());
  await choose(page, "chờ", 0.85);
  await page.waitForSelector("[data-testid=at-home]");
  await accessible(page, "footage at home");
  await page.click("[data-testid=still-look]");
  await page.waitForFunction(() => document.querySelector("[data-testid=still]")?.videoWidth > 0);
  await accessible(page, "footage at home with a still");
  await page.click("[data-testid=fetch-short]");
  await page.waitForSelector("[data-testid=asked]");
  await accessible(page, "footage that was asked for");
  await plays(page, "player"); // the page looks again by itself
  await page.click("[data-testid=log-open]");
  await page.waitForFunction(() => /xem một khung hình/.test(document.body.innerText) && /yêu cầu hình từ nhà/.test(document.body.innerText));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an hour ago is in a household's recorder: it is shown, fetched and played", async () => {
  const page = await newPage(browser);
  await signIn(page, officer);
  await openCase(page, `${Date.now()}/2026-dau-ghi`);
  await chooseKm(page, "1", "5");
  await search(page, Date.now() - 65 * 60e3, Date.now() - 55 * 60e3);
  await page.waitForSelector("[data-testid=timeline] [data-state=recorder]");
  await accessible(page, "footage in a recorder");
  const strip = page.locator('[data-testid=timeline] [role=slider][aria-label*="Nhà 06"]:has([data-state=recorder])');
  await strip.scrollIntoViewIfNeeded();
  const [box, bar] = [await strip.boundingBox(), await strip.locator("[data-state=recorder]").first().boundingBox()];
  await page.mouse.click(bar.x + bar.width / 2, box.y + box.height / 2);
  await page.waitForSelector("[data-testid=at-home]");
  assert.equal(await page.isVisible("[data-testid=still-look]"), false, "there is no still before it is fetched");
  assert.match(await page.textContent("[data-testid=player-recorder]"), /đồng hồ đầu ghi/);
  await page.click("[data-testid=fetch-short]");
  await page.waitForSelector("[data-testid=asked]");
  await plays(page, "player", 180_000);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a home that sends H.265 says so where the picture would be", async () => {
  const page = await newPage(browser);
  await signIn(page, officer);
  await openCase(page, `${Date.now()}/2026-h265`);
  await clickRoad(page, 1300);
  await clickRoad(page, 4800);
  await page.waitForFunction(() => /km/.test(document.querySelector("[data-testid=stretch]")?.textContent ?? ""));
  await search(page, began, Date.now());
  await choose(page, "Nhà 09", 0.7);
  await page.waitForFunction(() => /H\.265/.test(document.querySelector("[data-testid=blank]")?.textContent ?? ""));
  assert.match(await page.textContent("[data-testid=live-refusal]"), /không gửi hình H\.264/);
  assert.equal(await page.isVisible("[data-testid=live-toggle]"), false);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a wrong password and an inverted window are told in words", async () => {
  const page = await newPage(browser);
  await signIn(page, { ...officer, password: "không đúng đâu" });
  await page.waitForFunction(() => /mật khẩu/.test(document.querySelector("[data-testid=notice]")?.textContent ?? ""));
  await accessible(page, "refused sign-in");
  await page.fill("[data-testid=password]", officer.password);
  await page.click("[data-testid=sign-in-go]");
  await openCase(page, `${Date.now()}/2026-sai`);
  await chooseKm(page, "1", "3");
  await page.fill("[data-testid=window-from]", "22/11/2026 14:00:00");
  await page.fill("[data-testid=window-to]", "22/11/2026 13:00:00");
  await page.click("[data-testid=search]");
  await page.waitForFunction(() => /thời gian/i.test(document.querySelector("[data-testid=notice], [role=alert]")?.textContent ?? ""));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a phone in the dark: nothing sticks out, axe is content", async () => {
  const page = await newPage(browser, { viewport: { width: 320, height: 700 }, colorScheme: "dark", hasTouch: true });
  await signIn(page, officer);
  await openCase(page, `${Date.now()}/2026-dt`);
  await chooseKm(page, "1", "4");
  await search(page, began, Date.now());
  const sticksOut = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(sticksOut <= 0, `${sticksOut} px stick out`);
  await accessible(page, "phone, dark");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

async function chooseKm(page, from, to) {
  await page.selectOption("[data-testid=query-road]", "ql4a");
  await page.fill("[data-testid=from-km]", from);
  await page.fill("[data-testid=to-km]", to);
}

/** Clicks a home's strip at a share of the window. */
async function choose(page, label, share) {
  const strip = page.locator(`[data-testid=timeline] [role=slider][aria-label*="${label}"]`);
  await strip.scrollIntoViewIfNeeded();
  const box = await strip.boundingBox();
  await page.mouse.click(box.x + box.width * share, box.y + box.height / 2);
  await page.waitForFunction((l) => document.querySelector("[data-testid=player-home]")?.textContent.includes(l), label);
}
