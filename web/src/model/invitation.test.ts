import { expect, test } from "vitest";
import type { Device, Household } from "../api/types";
import { grouped, joinedSince, readLink } from "./invitation";

const ca = "A".repeat(42) + "-";
const secret = "ABCDEFGHIJKLMNOPQRSTUVWX23";

test.each([
  [`https://hub.xa-mau.example/ghep#1.${ca}.${secret}`, "https://hub.xa-mau.example"],
  [`https://192.168.1.2:8470/xa/ghep#1..${secret}`, "https://192.168.1.2:8470/xa"],
])("%s", (link, hub) => expect(readLink(link)).toEqual({ link, hub, code: "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-23" }));

test.each(["", "#", `#1.${ca}.${secret.slice(1)}`, `#2.${ca}.${secret}`, `#1.${ca.slice(1)}.${secret}`, `#${secret}`])("without an invitation: %s", (fragment) =>
  expect(readLink(`https://hub.xa-mau.example/ghep${fragment}`)).toBeNull());

test("fingerprints in groups", () => expect(grouped("0a1b2c3d4e")).toEqual(["0A1B", "2C3D", "4E"]));

test("who has joined", () => {
  const device = (id: string, enrolled: string, more: Partial<Device> = {}) => ({ id, enrolled, ...more }) as Device;
  const house = (...devices: Device[]): Household => ({ id: "h", label: "", devices });
  const before = house(device("a", "1"), device("b", "1", { revoked: true }));
  expect(joinedSince(before, before)).toBeNull();
  expect(joinedSince(before, undefined)).toBeNull();
  expect(joinedSince(before, house(device("a", "1"), device("c", "2")))?.id).toBe("c");
  expect(joinedSince(before, house(device("a", "2")))?.id).toBe("a");
  expect(joinedSince(before, house(device("a", "1"), device("c", "2", { revoked: true })))).toBeNull();
});
