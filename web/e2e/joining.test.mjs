// A household joins on a phone, with what it has in its hands: the box's code, the
// commune's QR code on a screen, and the recorder's password. Then an officer looks,
// and the household pauses.
import { appendFileSync, mkdirSync } from "node:fs";
import { test as one, before, after } from "node:test";
import assert from "node:assert/strict";
import encodeQR from "qr";
import { accessible, administrator, hub, newPage, officer, openBrowser, openCase, plays, search, signIn } from "./village.mjs";

const { XULANG_PAGE: home, XULANG_CODE: code, XULANG_RECORDER: recorder, XULANG_PASSWORD: password, XULANG_ANSWERS: answers, XULANG_SHOTS: shots } = process.env;
const place = { lon: 106.678954, lat: 21.9591961 }; // of home-19
const label = "Nhà 19";
const id = (name) => `[data-testid="${name}"]`;

let browser;
/** A part of the evening; none without the ones before it. */
let stopped = false;
const test = (name, part) => one(name, async () => {
  assert.ok(!stopped, "an earlier part did not work");
  stopped = true;
  await part();
  stopped = false;
});

before(async () => { browser = await openBrowser(); mkdirSync(shots, { recursive: true }); });
after(async () => { await browser?.close(); });

// Kept between the parts of the test: one evening.
let phone, admin, household, invitation, camera;
const typed = [];
const watch = stopwatch();

test("the administrator invites", async () => {
  admin = await newPage(browser);
  keep(admin);
  await signIn(admin, administrator);
  await admin.waitForSelector(id("households"));
  household = await ask(admin, "POST", "/households", { label, place });
  invitation = await ask(admin, "POST", `/households/${household.id}/invitations`);
  assert.match(invitation.link, /^https:\/\//, "agents are invited to TLS");
});

test("code of the box, photo of the QR code, the same fingerprint on both sides", async () => {
  phone = await onPhone();
  watch("open the page");
  await phone.goto(home);
  await phone.waitForSelector(id("gate"));
  await shot("1-gate");
  await type("gate-code", code);
  await phone.click(id("gate-go"));
  await phone.waitForSelector(id("pair"));
  await reload("pair");
  await shot("2-pair");
  const buffer = await photo(invitation.link);
  watch("read the QR code, meet the hub, join");
  await phone.setInputFiles(id("pair-photo"), { name: "anh.jpg", mimeType: "image/jpeg", buffer });
  await phone.waitForSelector(id("paired"));
  watch();
  assert.match(await text("paired"), /đã ghép/i);
  assert.equal(await text("household"), label);
  await reload("paired");
  await shot("3-paired");
  const device = await until(async () => (await mine()).devices.find((d) => d.linked));
  assert.equal(await text("fingerprint"), device.fingerprint);
  await admin.reload();
  await admin.waitForFunction(({ label, print }) => {
    const all = document.querySelector("[data-testid=households]")?.innerText ?? "";
    return all.includes(label) && all.includes(print);
  }, { label, print: device.fingerprint });
  await phone.click(id("pair-next"));
});

test("the network is confirmed, the recorder found, its password typed once", async () => {
  await phone.waitForSelector(id("find"));
  await reload("find");
  const confirm = phone.locator(id("networks-go")); // none where the box's config names the network
  if (await confirm.isVisible()) await confirm.click();
  watch("search the network");
  const found = phone.locator(`${id("found")}[data-address="${recorder}"]`);
  await found.waitFor();
  await shot("4-found");
  await found.locator(id("found-open")).click();
  assert.equal(await phone.inputValue(id("recorder-user")), "admin");
  await type("recorder-password", password);
  watch("sign in at the recorder, list its channels");
  await phone.click(id("recorder-go"));
  await phone.waitForSelector(id("recorder"));
  watch();
  assert.match(await text("recorder"), /chậm 4 phút/);
  await reload("recorder");
  await shot("5-opened");
  await phone.click(id("find-next"));
});

test("the channel that sees the road", async () => {
  await phone.waitForSelector(id("choose"));
  watch("pictures of the four channels");
  for (const n of [0, 1, 2, 3]) await phone.waitForSelector(`[data-channel="${n}"] [data-phase=shown]`);
  watch();
  await reload("choose");
  await phone.waitForSelector('[data-channel="2"] [data-phase=shown]');
  await shot("6-choose");
  await phone.click('[data-channel="2"] input');
  await phone.click(id("choose-go"));
});

test("aimed with finger and buttons, the road outlined", async () => {
  await phone.waitForSelector(`${id("aim-camera")}[data-part=map]`);
  watch("map, and the words of what is seen");
  await phone.waitForSelector(`${id("sights")}[data-known=true]`);
  watch();
  await phone.locator(id("map")).scrollIntoViewIfNeeded();
  const far = await middle(phone.locator(`${id("handle-far")} .grip`));
  const was = await text("heading");
  await drag(far, -24, -18);
  assert.notEqual(await text("heading"), was);
  for (let i = 0; i < 36 && (await heading()) !== 290; i++) await phone.click(id((await heading()) < 290 && (await heading()) > 110 ? "turn-right" : "turn-left"));
  await phone.click(id("wider"));
  const set = await text("heading");
  await reload("map");
  assert.equal(await text("heading"), set);
  await phone.waitForSelector(`${id("sights")}[data-known=true]`);
  assert.match(await text("sights"), /Thấy \d+ m/);
  console.log(`  words: ${(await text("sights")).replace(/\s+/g, " ")}`);
  await shot("7-aim");
  await phone.click(id("to-outline"));
  await phone.waitForSelector(id("outline"));
  await phone.evaluate(() => scrollTo(0, 0));
  const box = await phone.locator(id("outline")).boundingBox();
  await phone.click(id("outline-usual"));
  await drag({ x: box.x + 0.36 * box.width, y: box.y + 0.42 * box.height }, -60, 24); // a corner of it
  const corners = await phone.getAttribute(`${id("outline")} polygon`, "points");
  await reload("outline-count");
  await phone.waitForSelector(`${id("outline")} polygon`);
  assert.equal(await phone.getAttribute(`${id("outline")} polygon`, "points"), corners);
  await shot("8-outline");
  await phone.click(id("to-accept"));
  await phone.click(id("before-yes"));
  await phone.waitForSelector("[data-phase=shown]");
  await shot("9-accept");
  watch("keep the reference view");
  await phone.click(id("aim-accept"));
  await phone.waitForSelector(id("consent-form"));
  watch();
});

test("agreed, with a receipt on both sides", async () => {
  await reload("consent-form");
  await phone.click(id("level-live"));
  await shot("10-consent");
  watch("receipt from the hub");
  await phone.click(id("consent-go"));
  await phone.waitForSelector(id("receipt"));
  watch();
  assert.match(await text("receipt"), /Số \S+/, "the commune has it as well");
  await shot("11-receipt");
  await reload("consent");
  await phone.goto(home); // the daily page, from the first shared camera on
  await phone.click(id("home-finish"));
  camera = (await ask(phone, "GET", "/state")).cameras[0];
  const number = await until(async () => (await ask(phone, "GET", "/state")).cameras[0].receipt?.number);
  const [kept] = await until(async () => {
    const all = await ask(admin, "GET", `/households/${household.id}/receipts`);
    return all.length > 0 && all;
  });
  assert.equal(kept.number, number);
  assert.equal(kept.consent.level, "live");
});

test("tested to a green list, which the administrator sees as well", async () => {
  await phone.waitForSelector(id("selftest"));
  watch("self-test");
  await phone.click(id("test-go"));
  await phone.waitForSelector(`${id("selftest")}[data-running=true]`);
  await reload("selftest");
  await phone.waitForSelector(id("test-verdict"), { timeout: 150_000 });
  watch();
  await shot("12-selftest");
  assert.equal(await phone.getAttribute(id("test-verdict"), "data-bad"), "0", await text("test-lines"));
  const { lines } = await until(async () => (await mine()).devices.find((d) => d.linked)?.selftest);
  console.log(`  ${lines.map((l) => `${l.name} ${l.ok} ${l.number?.toFixed(1)}`).join(", ")}`);
  for (const name of ["record", "past", "uplink", "clock"]) assert.ok(lines.some((l) => l.name === name && l.ok), name);
  const [known] = (await mine()).devices.find((d) => d.linked).cameras;
  assert.equal(known.id, camera.id);
  assert.equal(known.state, "recording");
  await phone.click(id("test-finish"));
  await phone.waitForSelector(id("home"));
  await reload("home");
  await shot("13-home");
  await accessible(phone, "the daily page");
  watch.print();
  console.log(`  ${typed.length} fields typed: ${typed.join(", ")}`);
  assert.ok(typed.length <= 4, `typed: ${typed}`);
});

test("a pause cuts a live view, and leaves what is at the hub", async () => {
  const page = await newPage(browser);
  keep(page);
  await signIn(page, officer);
  await openCase(page, `${Date.now()}/2026-nha-19`);
  await page.selectOption(id("query-road"), "ql4a");
  await page.fill(id("from-km"), "3");
  await page.fill(id("to-km"), "7");
  await search(page, Date.now() - 20 * 60e3, Date.now()).catch(async (why) => {
    await page.screenshot({ path: `${shots}/16-officer.png` });
    throw new Error(`${why.message}: ${await page.innerText("body")}`);
  });
  const strip = page.locator(`${id("timeline")} [role=slider][data-camera="${camera.id}"], ${id("timeline")} [data-camera="${camera.id}"] [role=slider]`).first();
  await strip.scrollIntoViewIfNeeded();
  const box = await strip.boundingBox();
  await page.mouse.click(box.x + box.width * 0.99, box.y + box.height / 2);
  await page.click(id("live-toggle"));
  await plays(page, "live");
  await phone.waitForFunction(() => /đang xem|xem trực tiếp/i.test(document.querySelector("[data-testid=home]").innerText));
  await shot("14-watched");
  await page.$eval(id("live"), (v) => {
    const shown = () => { window.lastPicture = Date.now(); v.requestVideoFrameCallback(shown); };
    v.requestVideoFrameCallback(shown);
  });
  await page.waitForFunction(() => window.lastPicture > 0);
  const pressed = Date.now();
  await phone.click(id("pause"));
  await phone.waitForSelector(`${id("pause-state")}[data-paused=true]`);
  const force = Date.now() - pressed;
  await page.waitForFunction(() => Date.now() - window.lastPicture > 3000, null, { timeout: 30_000 });
  const last = (await page.evaluate(() => window.lastPicture)) - pressed;
  console.log(`  the page says paused after ${force} ms; the officer's last picture came ${last} ms after the press`);
  assert.ok(last <= 2000, `${last} ms`);
  await shot("15-paused");
  await page.screenshot({ path: `${shots}/16-officer.png` });
  const played = await page.evaluate(async ([camera, from, to]) => {
    const cases = await (await fetch("/api/v1/cases")).json();
    const one = cases.find((c) => c.number.endsWith("-nha-19"));
    return (await fetch(`/api/v1/cases/${one.id}/cameras/${camera}/playlist.m3u8?from=${from}&to=${to}`)).status;
  }, [camera.id, new Date(pressed - 10 * 60e3).toISOString(), new Date(pressed).toISOString()]);
  assert.equal(played, 200, "what was sent before the pause");
  await phone.click(id("pause"));
  await phone.waitForSelector(`${id("pause-state")}[data-paused=false]`);
  assert.deepEqual(phone.faults, []);
});

/** A page at a phone's size in the household's network. */
async function onPhone() {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, locale: "vi-VN", timezoneId: "Asia/Ho_Chi_Minh" });
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (m) => m.type() === "error" && !/status of [45]\d\d/.test(m.text()) && page.faults.push(`console: ${m.text()}`));
  page.on("pageerror", (e) => page.faults.push(`error: ${e}`));
  page.on("request", (r) => /^(https?|wss?):/.test(r.url()) && !r.url().startsWith(home) && page.faults.push(`outside request: ${r.url()}`));
  keep(page);
  return page;
}

/** Keeps what the servers answer, to be looked through for passwords. */
function keep(page) {
  page.on("response", async (r) => {
    if (!/\/api\//.test(r.url()) || /video|image|octet/.test(r.headers()["content-type"] ?? "")) return;
    appendFileSync(answers, `${r.url()} ${await r.text().catch(() => "")}\n`); // a body that is gone with its page has nothing more to say
  });
}

/** A photo of a code on a screen, askew. */
async function photo(what) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  await page.setContent(
    `<body style="margin:0;background:repeating-linear-gradient(45deg,#99a,#99a 40px,#776 40px,#776 80px);perspective:1400px">
     <div style="width:430px;margin:180px 380px;padding:36px;background:#fff;transform:rotate(-9deg) rotateX(18deg) rotateY(-12deg)">${encodeQR(what, "svg", { ecc: "medium" })}</div>`,
  );
  const taken = await page.screenshot({ type: "jpeg", quality: 80 });
  await page.close();
  return taken;
}

async function ask(page, method, path, body) {
  return page.evaluate(async ([method, path, body]) => {
    const r = await fetch(`/api/v1${path}`, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
    if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${await r.text()}`);
    return r.json();
  }, [method, path, body]);
}

const mine = async () => (await ask(admin, "GET", "/households")).find((h) => h.id === household.id);
const text = (name) => phone.innerText(id(name));
const heading = async () => Number(/(\d+)\s*°/.exec(await text("heading"))[1]);
async function shot(name) {
  await phone.evaluate(() => scrollTo(0, 0)); // else the bar on top stands in the middle of the picture
  await phone.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
}

async function reload(expected) {
  await phone.reload();
  await phone.waitForSelector(id(expected));
}

async function type(field, value) {
  typed.push(field);
  await phone.fill(id(field), value);
}

/** Asks until there is an answer, for half a minute. */
async function until(question) {
  for (const end = Date.now() + 30_000; ; await new Promise((done) => setTimeout(done, 200))) {
    const answer = await question();
    if (answer) return answer;
    assert.ok(Date.now() < end, `no answer to ${question}`);
  }
}

async function middle(locator) {
  const box = await locator.boundingBox();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function drag(from, dx, dy) {
  await phone.mouse.move(from.x, from.y);
  await phone.mouse.down();
  await phone.mouse.move(from.x + dx / 2, from.y + dy / 2);
  await phone.mouse.move(from.x + dx, from.y + dy);
  await phone.mouse.up();
}

/** Seconds that the machine took: watch("what") begins, the next call ends. */
function stopwatch() {
  const laps = [];
  let at = null;
  const lap = (what) => {
    if (at) laps.push([at.what, (Date.now() - at.began) / 1000]);
    at = what ? { what, began: Date.now() } : null;
  };
  lap.print = () => {
    for (const [what, seconds] of laps) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${what}`);
    console.log(`  ${laps.reduce((sum, [, s]) => sum + s, 0).toFixed(1).padStart(6)} s  waited for the machine in all`);
  };
  return lap;
}
