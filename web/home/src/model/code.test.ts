import { expect, test } from "vitest";
import { codeIn } from "./code";

test("the box's QR code brings its code along", () => {
  expect(codeIn("#AI3ZT-KT26L")).toBe("AI3ZT-KT26L");
  for (const other of ["", "#", "#find", "#AI3ZT-KT26", "#AI3ZT-KT26L/x", "#ai3zt-kt26l", "#AI0ZT-KT26L"]) expect(codeIn(other)).toBe("");
});
