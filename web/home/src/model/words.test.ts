import { describe, expect, test } from "vitest";
import en_ from "../i18n/en.json";
import type { Say } from "../i18n/index.svelte.ts";
import vi_ from "../i18n/vi.json";
import type { Consent, Sight, TestLine } from "../api/types.ts";
import { agreement, clockOf, consentOf, daysLeft, fresh, fromConsent, levelFor, sentences, until, type Choice } from "./agreement.ts";
import { channelName, clock, decimal, device, length, measured, minutes, sight, skew, upper } from "./words.ts";

const saying = (table: Record<string, string>): Say => (key, values = {}) => table[key]!.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
const [vi, en] = [saying(vi_), saying(en_)];
const s: Sight = { road: "r", name: "quốc lộ 4A", metres: 40.4, facing: "up", toward: "Na Sầm", back: "Tân Mỹ", side: "right" };

test.each<[Partial<Sight>, string, string]>([
  [{}, "thấy 40 m quốc lộ 4A, hướng Na Sầm, bên phải", "sees 40 m of quốc lộ 4A, towards Na Sầm, on the right"],
  [{ side: "left" }, "thấy 40 m quốc lộ 4A, hướng Na Sầm, bên trái", "sees 40 m of quốc lộ 4A, towards Na Sầm, on the left"],
  [{ toward: undefined, side: undefined }, "thấy 40 m quốc lộ 4A, hướng tăng km", "sees 40 m of quốc lộ 4A, towards rising kilometres"],
  [{ facing: "down", toward: "", side: undefined }, "thấy 40 m quốc lộ 4A, hướng giảm km", "sees 40 m of quốc lộ 4A, towards falling kilometres"],
  [{ facing: "across" }, "thấy 40 m quốc lộ 4A, nhìn ngang đường giữa Tân Mỹ và Na Sầm, bên phải", "sees 40 m of quốc lộ 4A, looking across the road between Tân Mỹ and Na Sầm, on the right"],
  [{ facing: "across", back: undefined, side: undefined, name: "" }, "thấy 40 m đường chưa có tên, nhìn ngang đường", "sees 40 m of a road without a name, looking across the road"],
])("sight %o", (change, viWords, enWords) => {
  expect(sight(vi, { ...s, ...change })).toBe(viWords);
  expect(sight(en, { ...s, ...change })).toBe(enWords);
});

test.each<[number, string]>([[40, "40 giây"], [-420, "7 phút"], [7500, "2 giờ 5 phút"], [-400_000, "5 ngày"]])("a length of %i s", (seconds, words) => expect(length(vi, seconds)).toBe(words));

test("a recorder's clock", () => {
  expect(clock(vi, 1)).toBe("Đồng hồ đúng giờ.");
  expect(clock(vi, -420)).toContain("chạy chậm 7 phút");
  expect(clock(en, 3600 * 7)).toContain("7 h 0 min fast");
  expect(skew(vi, "-420")).toContain("chạy chậm 7 phút nên nó không nhận mật khẩu");
  expect(skew(vi, "420.5")).toContain("chạy nhanh 7 phút");
  expect(skew(vi, "")).toBe(vi("problem.clock-skew"));
});

test("minutes in Vietnam's time, over midnight with both days", () => {
  expect(minutes(vi, { from: "2026-11-22T07:05:00Z", to: "2026-11-22T07:35:00Z" })).toBe("14:05 đến 14:35, ngày 22/11/2026");
  expect(minutes(vi, { from: "2026-11-22T16:50:00Z", to: "2026-11-22T17:10:00Z" })).toBe("23:50 22/11/2026 đến 00:10 23/11/2026");
});

test.each<[TestLine, string]>([
  [{ name: "record", ok: true, number: 20.02 }, "20 giây"],
  [{ name: "past", ok: true, number: 59.6 }, "60 giây"],
  [{ name: "uplink", ok: true, number: 1_450_000 }, "11,6 Mbit/giây"],
  [{ name: "clock", ok: true, number: 0.01 }, "đúng giờ"],
  [{ name: "clock", ok: false, number: -31.4 }, "lệch 31 giây"],
  [{ name: "own", ok: true, number: -420 }, "Đồng hồ chạy chậm 7 phút; thiết bị tự tính lại, không phải chỉnh."],
  [{ name: "disk", ok: true, number: 3.44 }, "giữ được 3,4 ngày"],
  [{ name: "disk", ok: true }, ""],
])("measured %o", (line, words) => expect(measured(vi, line)).toBe(words));

test("small words", () => {
  expect(decimal(en, 3.44)).toBe("3.4");
  expect(decimal(vi, 3)).toBe("3");
  expect(device(vi, { brand: "Dahua", model: "NVR" })).toBe("Dahua NVR");
  expect(device(vi, {})).toBe("chưa rõ hãng");
  expect(channelName(vi, { number: 1, name: " ", chosen: false })).toBe("Kênh 2");
  expect(upper("đường")).toBe("Đường");
});

describe("the agreement", () => {
  const now = Date.UTC(2026, 10, 22, 7);
  const choose = (c: Partial<Choice>): Choice => ({ ...fresh(), ...c });

  test("nothing is chosen beforehand, sound is off, a year is the length", () => {
    expect(fresh()).toEqual({ level: null, for: {}, hours: null, months: 12, sound: false, uplink: "" });
    expect(consentOf(fresh(), now)).toEqual({ level: "none" });
  });
  test("a year leaves a day to the root package's limit", () => {
    for (let day = 0; day < 366 * 5; day += 1) {
      const at = now + day * 86_400_000;
      expect(until(at, 12) - at).toBeLessThanOrEqual(365 * 86_400_000);
    }
    expect(new Date(until(Date.UTC(2027, 0, 31), 1)).toISOString()).toBe("2027-02-28T00:00:00.000Z");
  });
  test("a purpose never gets more than the camera", () => {
    const c = choose({ level: "stills", for: { emergency: "live", administrative: "none" } });
    expect([levelFor(c, "emergency"), levelFor(c, "administrative"), levelFor(c, "criminal")]).toEqual(["stills", "none", "stills"]);
    expect(consentOf(c, now).for).toEqual({ administrative: "none" });
    expect(consentOf(choose({ level: "clip", for: { criminal: "clip" } }), now).for).toBeUndefined();
  });
  test("the words that are sent are the words that are shown, and say everything", () => {
    const c = choose({ level: "clip", for: { administrative: "stills" }, hours: { from: 360, to: 1320 }, months: 6 });
    const a = agreement(vi, "vi", "Cổng trước", c, now);
    expect(a.words).toBe(sentences(vi, "Cổng trước", c, now).join("\n"));
    for (const part of ["Cổng trước", "Riêng loại Hành chính: Ảnh chụp", "06:00 đến 22:00", "22/05/2027", "Không ghi tiếng", "theo đề nghị của xã", "không cần lý do"]) expect(a.words).toContain(part);
    expect(a.consent).toEqual({ level: "clip", for: { administrative: "stills" }, hours: { from: 360, to: 1320 }, until: "2027-05-22T07:00:00.000Z" });
    expect(a.text.length).toBeLessThanOrEqual(40);
  });
  test("below footage nothing is said of sending", () => {
    expect(sentences(vi, "A", choose({ level: "ask" }), now).join()).not.toContain("kho của xã");
  });
  test("nothing shared is said in two sentences", () => expect(sentences(vi, "A", choose({ level: "none" }), now)).toHaveLength(2));
  test("what was agreed comes back to be changed", () => {
    const c: Consent = { level: "clip", for: { missing: "live" }, hours: { from: 0, to: 0 } };
    expect(fromConsent(c)).toMatchObject({ level: "clip", for: { missing: "live" }, hours: null });
    expect(fromConsent({ level: "none" }).level).toBeNull();
  });
  test("days left", () => {
    const end = (days: number) => ({ level: "clip" as const, until: new Date(now + days * 86_400_000).toISOString() });
    expect([daysLeft(end(3.5), now), daysLeft(end(0.5), now), daysLeft(end(-1), now), daysLeft({ level: "clip" }, now)]).toEqual([3, 0, -1, null]);
  });
  test("a time of day", () => expect([clockOf(0), clockOf(390), clockOf(1440)]).toEqual(["00:00", "06:30", "00:00"]));
});

test("every sentence of a problem or a fix says what to do, and is short", () => {
  for (const table of [vi_, en_]) {
    for (const [key, text] of Object.entries(table)) {
      if (!/^(problem|fix|mend|trouble|hub|recorder)\./.test(key)) continue;
      // What happened, then what to do: two sentences at least.
      expect(text.split(/[.!]\s/).length, key).toBeGreaterThanOrEqual(2);
      expect(text.length, key).toBeLessThan(200);
    }
  }
});
