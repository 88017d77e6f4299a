// The way of a household through the page on a phone, with what goes wrong on it.
import encodeQR from "qr";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { State } from "../home/src/api/types.ts";
import { id, open, place, set, start, type Kit } from "./home/kit.ts";

let kit: Kit;
beforeAll(async () => { kit = await start(); }, 60_000);
afterAll(() => kit?.close());

const link = `https://hub.xa-mau.example/ghep#1.${"A".repeat(43)}.ABCDEFGHIJKLMNOPQRSTUVWXYZ`;
const state = async (page: Page) => (await (await page.request.get(`${kit.local}/api/v1/state`)).json()) as State;
const text = (page: Page, name: string) => page.innerText(id(name));
const reload = async (page: Page, expected: string) => {
  await page.reload();
  await page.waitForSelector(id(expected));
};

/** A photo of a code on a screen: askew, in perspective, on a busy ground. */
async function photo(what: string): Promise<Buffer> {
  const page = await kit.browser.newPage({ viewport: { width: 1200, height: 900 } });
  await page.setContent(
    `<body style="margin:0;background:repeating-linear-gradient(45deg,#99a,#99a 40px,#776 40px,#776 80px);perspective:1400px">
     <div style="width:430px;margin:180px 380px;padding:36px;background:#fff;transform:rotate(-14deg) rotateX(24deg) rotateY(-16deg)">${encodeQR(what, "svg", { ecc: "medium" })}</div>`,
  );
  const taken = await page.screenshot({ type: "jpeg", quality: 70 });
  await page.close();
  return taken;
}
const photograph = async (page: Page, what: string | Buffer) =>
  page.setInputFiles(id("pair-photo"), { name: "anh.jpg", mimeType: "image/jpeg", buffer: typeof what === "string" ? await photo(what) : what });

test("from the code to the daily page, two fields typed, reloaded in every step", async () => {
  const { page, complaints } = await open(kit, { preset: "pair", open: false });
  let typed = 0;
  const type = async (name: string, value: string) => {
    typed++;
    await page.fill(id(name), value);
  };
  expect(await page.evaluate(() => isSecureContext)).toBe(false); // as on a home network

  await type("gate-code", "nha-mau");
  await page.click(id("gate-go"));
  await page.waitForSelector(id("pair"));
  await reload(page, "pair");
  await photograph(page, link);
  await page.waitForSelector(id("paired"));
  expect(await text(page, "household")).toBe("Nhà Mẫu 07");
  expect(await text(page, "fingerprint")).toBe((await state(page)).fingerprint);
  await reload(page, "paired");
  await page.click(id("pair-next"));

  await page.click(id("networks-go"));
  await reload(page, "found"); // the search goes on
  await page.click(`${id("found-open")} >> nth=0`);
  expect(await page.inputValue(id("recorder-user"))).toBe("admin");
  await type("recorder-password", "mat-khau-rieng");
  await page.click(id("recorder-go"));
  await page.waitForSelector(id("recorder"));
  expect(await text(page, "recorder")).toContain("chạy chậm 7 phút");
  await page.click(id("find-next"));

  await page.waitForSelector("[data-channel='1'] [data-phase=shown]");
  await page.waitForSelector("[data-channel='4'] [data-phase=failed]");
  expect(await page.innerText("[data-channel='4']")).toContain("Trình duyệt này không giải mã được H.265");
  await page.click("[data-channel='0'] input");
  await reload(page, "choose");
  for (const n of [0, 1]) await page.click(`[data-channel='${n}'] input`);
  await page.click(id("choose-go"));

  for (const camera of ["c1", "c2"]) {
    await page.waitForSelector(`${id("aim-camera")}[data-camera=${camera}]`);
    await page.waitForSelector(`${id("sights")}[data-known=true]`);
    await page.click(id("turn-right"));
    const heading = await text(page, "heading");
    await reload(page, "map"); // the cone is where it was
    expect(await text(page, "heading")).toBe(heading);
    await page.waitForSelector(`${id("sights")}[data-known=true]`);
    expect(await text(page, "sights")).toMatch(/^Thấy \d+ m Quốc lộ 4A/);
    await page.click(id("to-outline"));
    await page.click(id("outline-usual"));
    await reload(page, "outline-count");
    await page.click(id("to-accept"));
    expect(await page.inputValue(id("camera-label"))).not.toBe("");
    expect(await page.isDisabled(id("aim-accept"))).toBe(true); // the question has no default
    await page.click(id("before-yes"));
    await page.waitForSelector("[data-phase=shown]");
    await page.click(id("aim-accept"));
  }

  await page.waitForSelector(id("consent-form"));
  await reload(page, "consent-form");
  expect(await page.$$eval("[name=level]", (all) => all.filter((one) => (one as HTMLInputElement).checked).length)).toBe(0);
  expect(await page.isDisabled(id("consent-go"))).toBe(true);
  await page.click(id("level-ask"));
  const words = (await page.locator(`${id("consent-words")} p`).allInnerTexts()).join("\n");
  await page.click(id("consent-all"));
  await page.click(id("consent-go"));
  await page.waitForSelector(id("receipt"));
  const given = (await state(page)).cameras[0]!;
  expect(given.receipt!.words).toBe(words); // what was shown is what is kept
  expect(given.consent.level).toBe("ask");
  expect(given.outline).toHaveLength(4);
  expect(await page.locator(id("receipt")).count()).toBe(2);
  expect(await page.getAttribute(id("notice"), "href")).toBe("/api/v1/notice.pdf?lang=vi");
  await page.click(id("consent-next"));

  await page.click(id("test-go"));
  await reload(page, "selftest"); // it runs on
  await page.waitForSelector(`${id("test-verdict")}[data-bad="0"]`);
  expect(await text(page, "test-lines")).toContain("11,6 Mbit/giây");
  await page.click(id("test-finish"));
  await page.waitForSelector(id("home"));
  await reload(page, "home");
  expect(typed).toBe(2);
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

test("channels that were not chosen are never asked for a picture again", async () => {
  const { page } = await open(kit, { preset: "aim" }, "#choose");
  await page.waitForSelector("[data-channel='1'] [data-phase=shown]");
  const { asked } = (await (await page.request.get(`${kit.local}/api/v1/mock`)).json()) as { asked: string[] };
  expect([...new Set(asked)].sort()).toEqual(["rec1/0", "rec1/1"]);
  await page.waitForSelector("[data-channel='2'] input:disabled");
  expect(await page.innerText("[data-channel='2']")).toContain("đăng nhập lại đầu ghi");
  await page.click(id("back"));
  await page.click(`${id("recorder-again")} summary`);
  await page.fill(id("recorder-password"), "mat-khau-moi");
  await page.click(id("recorder-go"));
  await page.waitForSelector(`${id("recorder-again")}:not([open])`);
  await page.click(id("find-next"));
  await page.waitForSelector("[data-channel='2'] [data-phase=shown]");
  expect(await page.isChecked("[data-channel='1'] input")).toBe(true);
  await page.close();
}, 30_000);

test("photos without a code, of another code and of an old invitation", async () => {
  const { page, complaints } = await open(kit, { preset: "pair" });
  await page.waitForSelector(id("pair"));
  for (const [what, says] of [
    [await page.screenshot({ type: "jpeg" }), "Không thấy mã QR nào"],
    ["WIFI:S:nha-toi;T:WPA;P:bi-mat;;", "không phải giấy mời"],
    [link.slice(0, -4), "bị thiếu một đoạn"],
    [Buffer.from("not a picture"), "Không mở được ảnh"],
    [link.replace("ABCDEF", "USEDAB"), "Xin xã một giấy mời mới"],
  ] as const) {
    await photograph(page, what);
    await page.waitForFunction((says) => document.querySelector('[data-testid="problem"]')?.textContent?.includes(says), says);
  }
  await page.click(`${id("pair-typed")} summary`);
  await page.fill(id("pair-hub"), "hub.xa-mau.example");
  await page.fill(id("pair-code"), "abcd");
  await page.click(id("pair-code-go"));
  expect(await text(page, "problem")).toContain("26 chữ cái");
  await page.fill(id("pair-code"), "abcd efgh ijkl mnop qrst uvwx yz");
  await page.click(id("pair-code-go"));
  await page.waitForSelector(id("paired"));
  await page.close();
  expect(complaints).toEqual([]);
}, 60_000);

test("a wrong code of the device, then a lost device", async () => {
  const { page } = await open(kit, { preset: "pair", open: false });
  await page.fill(id("gate-code"), "SAI");
  await page.click(id("gate-go"));
  await page.waitForSelector("[aria-invalid=true]");
  expect(await text(page, "gate")).toContain("Mã không đúng");
  await page.context().setOffline(true);
  await page.click(id("gate-go"));
  expect(await text(page, "problem")).toContain("Wi-Fi của nhà");
  await page.close();
}, 30_000);

test("the recorder's refusals: tries left, clock, locked; a password everybody knows", async () => {
  const { page } = await open(kit, { preset: "search" });
  await page.click(`${id("found-open")} >> nth=0`);
  const attempt = async (password: string) => {
    await page.fill(id("recorder-password"), password);
    await page.click(id("recorder-go"));
  };
  for (const [password, says] of [["lechgio", "chạy chậm 7 phút nên nó không nhận mật khẩu"], ["sai", "Còn 1 lần thử"], ["sai", "hết lượt thử"], ["dung", "Đợi 5 phút rồi bấm"]] as const) {
    await attempt(password);
    await page.waitForFunction((says) => document.querySelector('[data-testid="problem"]')?.textContent?.includes(says), says);
  }
  await page.waitForSelector("[data-code=locked-out]");
  await set(kit, page, { preset: "search" }); // the search begins anew, and its cards with it
  await page.reload();
  await page.click(`${id("found-open")} >> nth=0`);
  await attempt("12345");
  await page.waitForSelector(id("recorder"));
  expect(await text(page, "recorder")).toContain("mật khẩu mà ai cũng biết");
  await page.click(`${id("expert")} summary`);
  await page.fill(id("expert-url"), "rtsp://8.8.8.8/1");
  await page.click(id("expert-go"));
  await page.waitForSelector("[data-code=outside-lan]");
  await page.fill(id("expert-url"), "rtsp://192.168.1.80/live");
  await page.click(id("expert-go"));
  await page.waitForSelector("[data-recorder=rec2]");
  expect(await page.inputValue(id("expert-url"))).toBe(""); // it may have held a password
  await page.close();
}, 30_000);

test("consent by purpose, in hours, with sound; and sharing nothing", async () => {
  const { page } = await open(kit, { preset: "consent" });
  await page.click(id("level-live"));
  for (const fold of ["fold-purposes", "fold-hours", "fold-more"]) await page.click(`${id(fold)} summary`);
  await page.selectOption(id("for-administrative"), "none");
  await page.click(id("hours-on"));
  await page.selectOption(id("hours-from"), "22:00");
  expect(await page.isDisabled(id("consent-go"))).toBe(true);
  await page.selectOption(id("hours-to"), "05:30");
  await page.click(id("consent-sound"));
  await page.selectOption(id("consent-months"), "3");
  const words = await text(page, "consent-words");
  for (const part of ["Riêng loại Hành chính: Không chia sẻ", "từ 22:00 đến 05:30", "Có ghi tiếng"]) expect(words).toContain(part);
  await page.click(id("consent-go"));
  await page.waitForSelector(id("receipt"));
  const { consent } = (await state(page)).cameras[0]!;
  expect(consent).toMatchObject({ level: "live", for: { administrative: "none" }, hours: { from: 1320, to: 330 } });
  await page.click(id("consent-next"));
  await page.click(id("level-none"));
  await page.click(id("consent-go"));
  await page.waitForSelector(`${id("receipt")} >> text=Không chia sẻ`);
  await page.close();
}, 30_000);

test("the daily page: pause, an answer, the camera's health, a check, leaving in two presses", async () => {
  const { page, complaints } = await open(kit, { preset: "home" });
  await page.waitForFunction(() => !document.querySelector("[data-phase=loading]"));
  const biggest = await page.evaluate(() => [...document.querySelectorAll("main button")].map((b) => ({ b, h: b.getBoundingClientRect() })).sort((x, y) => y.h.width * y.h.height - x.h.width * x.h.height)[0]!.b.getAttribute("data-testid"));
  expect(biggest).toBe("pause");
  expect(await text(page, "home")).toContain("Đang được xem trực tiếp");
  expect(await page.innerText("[data-camera=c2]")).toContain("Kiểm tra nguồn điện");
  expect(await page.innerText("[data-camera=c1]")).toMatch(/còn 36\d ngày đồng ý/);
  await page.click(id("pause"));
  await page.waitForSelector("[data-paused=true]");
  expect(await text(page, "pause")).toBe("Tiếp tục chia sẻ");
  await page.click(id("pause"));
  await page.waitForSelector("[data-paused=false]");

  await page.selectOption(id("keep"), "7"); // fewer days delete: said, and pressed once more
  expect(await text(page, "home")).toContain("hình cũ hơn 7 ngày sẽ bị xóa");
  expect((await state(page)).keep).toBe(14);
  await page.click(id("keep-go"));
  await page.waitForSelector(id("keep-go"), { state: "detached" });
  expect((await state(page)).keep).toBe(7);

  expect(await text(page, "ask")).toMatch(/Công an xã Mẫu hỏi xem Cổng trước[\s\S]*12\/2026\/HS, hình sự[\s\S]*\d\d:\d\d đến \d\d:\d\d/);
  await page.click(id("ask-no"));
  await page.waitForSelector("[data-open='0']");
  expect((await state(page)).requests.find((r) => r.id === "w1")!.answer).toBe("refused");

  await page.click(`${id("check-go")} >> nth=0`);
  await page.waitForSelector("[data-found=same]"); // the mock takes nothing but a JPEG
  expect(await page.innerText("[data-camera=c1]")).toContain("không thấy được xoay rất nhẹ");

  await page.click(`${id("asks-past")} summary`);
  await page.click(id("ask-take-back"));
  await page.waitForFunction(() => !document.querySelector('[data-testid="ask-take-back"]'));
  await page.click(`[data-camera=c1] ${id("camera-more")} summary`);
  await page.click(`[data-camera=c1] ${id("aim-again")}`);
  await page.waitForSelector(`${id("aim-camera")}[data-camera=c1]`);
  await page.goBack();
  await page.waitForSelector(id("home"));
  await page.click(id("leave"));
  await page.click(id("leave-go"));
  await page.waitForSelector(id("pair-photo"), { state: "attached" });
  expect(await place(page)).toBe("pair");
  await page.close();
  expect(complaints).toEqual([]);
}, 30_000);

test("a quarantined box gets a new identity; a step taken back elsewhere is followed", async () => {
  const { page } = await open(kit, { preset: "quarantined" });
  await page.waitForSelector(id("trouble"));
  const before = (await state(page)).fingerprint;
  await page.click(id("anew"));
  await page.waitForSelector(id("pair"));
  expect((await state(page)).fingerprint).not.toBe(before);
  await set(kit, page, { preset: "aim" });
  await page.goto("about:blank");
  await page.goto(`${kit.origin}/#aim`);
  await page.waitForSelector(id("aim-camera"));
  await set(kit, page, { preset: "pair" });
  await page.waitForSelector(id("pair-photo"), { state: "attached" });
  await page.close();
}, 30_000);

test("a session that ends comes back to where one was", async () => {
  const { page } = await open(kit, { preset: "consent" });
  await page.waitForSelector(id("consent-form"));
  await set(kit, page, { open: false });
  await page.waitForSelector(id("gate"));
  expect(await text(page, "gate")).toContain("tiếp tục đúng chỗ đang làm");
  await page.fill(id("gate-code"), "NHA-MAU");
  await page.click(id("gate-go"));
  await page.waitForSelector(id("consent-form"));
  await page.close();
}, 30_000);
