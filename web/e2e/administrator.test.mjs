// The administrator's page against the running village.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { accessible, administrator, hub, newPage, officer, openBrowser, signIn } from "./village.mjs";

let browser;
before(async () => { browser = await openBrowser(); });
after(async () => { await browser?.close(); });

test("households with their cameras' states, a new household and its invitation", async () => {
  const page = await newPage(browser);
  await signIn(page, administrator);
  await page.waitForSelector("[data-testid=households]");
  await page.waitForFunction(() => /Nhà 07/.test(document.querySelector("[data-testid=households]").textContent));
  await accessible(page, "administrator");

  const label = `Nhà ${Date.now() % 100000}`;
  await page.fill("[data-testid=household-label]", label).catch(() => page.fill("[data-testid=household-form] input", label));
  await page.click("[data-testid=household-add]");
  await page.waitForFunction((l) => document.querySelector("[data-testid=households]").textContent.includes(l), label);
  await page.locator("[data-testid=households] > *").filter({ hasText: label }).locator("[data-testid=invite]").click();
  await page.waitForSelector("[data-testid=qr]");
  const [link, address, code] = await Promise.all(["link", "hub", "code"].map((part) => page.textContent(`[data-testid=invite-${part}]`)));
  assert.match(link, /\/ghep#1\.[\w-]*\.[A-Z2-7]{26}$/);
  assert.ok(link.startsWith(address) && link.endsWith(code.replaceAll("-", "")), `${address} and ${code} are those of the link`);
  assert.ok((await page.textContent("[data-testid=invite-command]")).includes(link));
  await accessible(page, "administrator with an invitation");
  await page.keyboard.press("Escape");

  const guest = await newPage(browser, { viewport: { width: 390, height: 844 } }); // somebody's phone, signed out
  await guest.goto(hub + link.slice(link.indexOf("/ghep")));
  await guest.waitForSelector("[data-testid=qr]");
  assert.equal(await guest.textContent("[data-testid=invite-code]"), code);
  await accessible(guest, "the page of an invitation");
  assert.deepEqual(guest.faults, []);
  await guest.context().close();

  // The village's homes have agreed to something: what, the household and the hub both keep.
  await page.locator("[data-testid=receipts-open]").first().click();
  await page.waitForSelector("[data-testid=receipts]");
  await accessible(page, "receipts");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the administrator reaches no footage, the officer no administration", async () => {
  for (const [who, path] of [[administrator, "/api/v1/cases"], [administrator, "/api/v1/cameras"], [officer, "/api/v1/users"], [officer, "/api/v1/households"]]) {
    const page = await newPage(browser);
    await signIn(page, who);
    await page.waitForFunction(() => !document.querySelector("[data-testid=sign-in]"));
    const status = await page.evaluate(async (p) => (await fetch(p)).status, path);
    assert.equal(status, 403, `${who.login} ${path}`);
    await page.context().close();
  }
});
