import { expect, test } from "vitest";
import { formatCount, formatSize } from "./size";

test.each([
  [0, "0 B"], [999, "999 B"], [1000, "1,0 kB"], [12_345, "12 kB"], [999_600, "1,0 MB"], [21_474_836_480, "21 GB"], [5e15, "5000 TB"],
])("%d bytes are %s", (bytes, text) => expect(formatSize(bytes, true)).toBe(text));

test("with a point", () => expect(formatSize(1_234_567, false)).toBe("1.2 MB"));

test.each([[0, "0"], [999, "999"], [1234, "1.234"], [1_234_567, "1.234.567"]])("%d counted is %s", (n, text) => {
  expect(formatCount(n, true)).toBe(text);
  expect(formatCount(n, false)).toBe(text.replaceAll(".", ","));
});
