import { expect, test } from "vitest";
import { keepChoices } from "./keep";

test("the present days are always among the choices, each once", () => {
  expect(keepChoices(14)).toEqual([3, 7, 14, 21, 30]);
  expect(keepChoices(5)).toEqual([3, 5, 7, 14, 21, 30]);
});
