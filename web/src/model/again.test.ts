import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Again } from "./again";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HOURS = 5 * 3_600_000;

function watch(more: (n: number) => boolean | Promise<boolean>, seen = () => true) {
  const asked: number[] = [];
  const begin = Date.now();
  const again = new Again(async () => more(asked.push(Date.now() - begin)), seen);
  return { again, asked };
}

test("ever more seldom, until nothing is coming", async () => {
  const { again, asked } = watch((n) => n < 4);
  again.start();
  await vi.advanceTimersByTimeAsync(HOURS);
  expect(asked).toEqual([8000, 20_000, 38_000, 65_000]);
});

test("what never comes is not asked for for ever", async () => {
  const { again, asked } = watch(() => true);
  again.start();
  await vi.advanceTimersByTimeAsync(HOURS);
  expect(asked.length).toBe(40);
  again.start();
  await vi.advanceTimersByTimeAsync(8000);
  expect(asked.length).toBe(41);
});

test("nothing is asked while nobody sees it", async () => {
  let seen = false;
  const { again, asked } = watch((n) => n < 2, () => seen);
  again.start();
  await vi.advanceTimersByTimeAsync(HOURS);
  expect(asked).toEqual([]);
  seen = true;
  await vi.advanceTimersByTimeAsync(HOURS);
  expect(asked.length).toBe(2);
});

test("stopped, also while a question is under way", async () => {
  let answer = (_: boolean) => {};
  const { again, asked } = watch(() => new Promise((done) => (answer = done)));
  again.start();
  await vi.advanceTimersByTimeAsync(8000);
  again.stop();
  answer(true);
  await vi.advanceTimersByTimeAsync(HOURS);
  expect(asked.length).toBe(1);
});

test("started twice, it is one", async () => {
  const { again, asked } = watch(() => true);
  again.start();
  again.start();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(asked).toEqual([8000, 20_000]);
});
