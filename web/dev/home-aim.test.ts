// Aiming by finger, by buttons and by keyboard alone, with and without a picture.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { State } from "../home/src/api/types.ts";
import { id, open, start, tabTo, type Kit } from "./home/kit.ts";

let kit: Kit;
beforeAll(async () => { kit = await start(); }, 60_000);
afterAll(() => kit?.close());

const state = async (page: Page) => (await (await page.request.get(`${kit.local}/api/v1/state`)).json()) as State;
const text = (page: Page, name: string) => page.innerText(id(name));

test("the cone and the outline with a finger", async () => {
  const { page } = await open(kit, { preset: "aim" });
  await page.waitForSelector(`${id("sights")}[data-known=true]`);
  const middle = async (name: string) => {
    const box = (await page.locator(`${id(name)} .grip`).boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  await page.locator(id("map")).scrollIntoViewIfNeeded();
  const drag = async (from: { x: number; y: number }, dx: number, dy: number) => {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x + dx / 2, from.y + dy / 2);
    await page.mouse.move(from.x + dx, from.y + dy);
    await page.mouse.up();
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  };
  const [heading, fov, range] = [await text(page, "heading"), await text(page, "fov"), await text(page, "range")];
  await drag(await middle("handle-far"), 30, -50);
  expect(await text(page, "heading")).not.toBe(heading);
  expect(await text(page, "range")).not.toBe(range);
  await drag(await middle("handle-side"), 14, 26);
  expect(await text(page, "fov")).not.toBe(fov);
  const before = await middle("handle-house");
  await drag(before, 40, 0);
  await expect.poll(async () => (await middle("handle-house")).x - before.x).toBeCloseTo(40, 0); // once it is drawn
  const still = await text(page, "heading");
  await drag({ x: before.x - 150, y: before.y + 60 }, 0, 30); // the map itself
  await expect.poll(async () => (await middle("handle-house")).y - before.y).toBeCloseTo(30, 0);
  expect(await text(page, "heading")).toBe(still);

  await page.waitForSelector(`${id("sights")}[data-known=true]`);
  await page.click(id("to-outline"));
  await page.waitForSelector(id("outline"));
  await page.evaluate(() => scrollTo(0, 0));
  const box = (await page.locator(id("outline")).boundingBox())!;
  for (const [x, y] of [[0.1, 0.9], [0.4, 0.5], [0.6, 0.5], [0.9, 0.9]] as const) await page.touchscreen.tap(box.x + x * box.width, box.y + y * box.height);
  expect(await text(page, "outline-count")).toBe("4 điểm");
  await drag({ x: box.x + 0.9 * box.width, y: box.y + 0.9 * box.height }, -40, -20); // moves, adds none
  expect(await text(page, "outline-count")).toBe("4 điểm");
  await page.click(id("outline-clear"));
  expect(await page.isDisabled(id("to-accept"))).toBe(true);
  await page.click(id("outline-undo"));
  expect(await text(page, "outline-count")).toBe("4 điểm");
  await page.close();
}, 30_000);

test("the house is placed by hand where the commune did not note it; a camera without a picture", async () => {
  const { page } = await open(kit, { preset: "aim", place: false, fail: { "GET /cameras/c1/picture": "no-picture" } });
  await page.waitForSelector(id("place-house"));
  await page.click(id("zoom-in"));
  await page.click(id("place-house"));
  await page.waitForSelector(id("cone-controls"));
  expect(await page.innerText("[data-phase=failed]")).toContain("Camera chưa cho hình");
  await page.waitForSelector(`${id("to-outline")}:enabled`); // some road is seen
  await page.click(id("to-outline"));
  expect(await text(page, "aim-camera")).toContain("Không có hình để khoanh");
  await page.click(id("to-accept"));
  await page.click(id("before-no"));
  await page.click(id("aim-accept"));
  await page.waitForSelector(`${id("aim-camera")}[data-camera=c2]`);
  await page.close();
}, 30_000);

test("aiming with the keyboard alone", async () => {
  const { page } = await open(kit, { preset: "aim" });
  await page.waitForSelector(`${id("sights")}[data-known=true]`);
  await page.waitForSelector("[data-phase=shown]");
  await tabTo(page, "map");
  const heading = await text(page, "heading");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowUp", "]", "Shift+ArrowUp", "+"]) await page.keyboard.press(key);
  expect([await text(page, "heading") !== heading, await text(page, "fov"), await text(page, "range")]).toEqual([true, "82°", "62 m"]);
  await tabTo(page, "wider");
  await page.keyboard.press("Enter");
  expect(await text(page, "fov")).toBe("87°");
  await page.waitForSelector(`${id("sights")}[data-known=true]`);
  await tabTo(page, "to-outline");
  await page.keyboard.press("Enter");
  await tabTo(page, "outline-usual");
  await page.keyboard.press("Enter");
  await page.focus(`${id("outline-fine")} summary`);
  await page.keyboard.press("Enter");
  for (const [button, key] of [["point-up", "Enter"], ["point-next", "Space"], ["point-remove", "Enter"], ["point-add", "Enter"]] as const) {
    await tabTo(page, button);
    await page.keyboard.press(key);
  }
  expect(await text(page, "outline-count")).toBe("4 điểm");
  await tabTo(page, "to-accept");
  await page.keyboard.press("Enter");
  await page.focus(id("before-yes"));
  await page.keyboard.press("Space");
  await tabTo(page, "aim-accept");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`${id("aim-camera")}[data-camera=c2]`);
  expect((await state(page)).cameras[0]!.view!.fov).toBe(87);
  await page.close();
}, 30_000);
