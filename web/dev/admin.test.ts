// The administrator's page, used: an invitation taken up, a house placed, the store, a
// kilometre stone, and the words for boxes and cameras of every standing.
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { roads, trouble } from "./fixtures.ts";
import { answer, invite, project, shots, start, stone, type Kit } from "./hub/kit.ts";

let kit: Kit;
beforeAll(async () => {
  kit = await start();
}, 120_000);
afterAll(() => kit?.close());

async function admin(): Promise<{ page: Page; complaints: string[] }> {
  const opened = await kit.open("/admin", "quantri");
  await opened.page.waitForSelector('[data-testid="households"]');
  return opened;
}

test("an invitation is taken up while it is shown", async () => {
  const { page, complaints } = await admin();
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
  const { page, complaints } = await admin();
  await page.click('[data-testid="place-open"]');
  await page.waitForSelector('[data-testid="place-map"][data-ready="true"]');
  await page.fill('[data-testid="place-lat"]', "22,02300");
  await page.fill('[data-testid="place-lon"]', "106,64000");
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
  const { page, complaints } = await admin();
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
  const { page, complaints } = await admin();
  const said = async (id: string) => (await page.textContent(`[data-testid="${id}"]`))!.replace(/\s+/g, " ").trim();
  await stone(page);
  await page.click('[data-testid="stone-save"]');
  expect(await said("stone-form")).toMatch(/Số trên cột viết như.*Chưa đánh dấu chỗ có cột/);
  await page.fill('[data-testid="stone-says"]', "12+350");
  await page.locator('[data-testid="place-map"]').scrollIntoViewIfNeeded();
  const { x, y } = await project(page, "place-map", roads[0]!.line[20]!);
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
  const { page } = await admin();
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
