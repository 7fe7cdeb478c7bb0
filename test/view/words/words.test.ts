/** The texts, numbers and times of both languages. */

import { describe, expect, it } from "vitest";
import { en } from "../../../src/view/words/en.ts";
import { createFormat } from "../../../src/view/words/format.ts";
import { languageOf } from "../../../src/view/words/language.ts";
import { visible } from "../../../src/view/words/visible.ts";
import { zh } from "../../../src/view/words/zh.ts";

/** Each text with its place. Sentences get their arguments' numbers as texts. */
function textsOf(words: object, place = ""): Map<string, string> {
  return new Map(
    Object.entries(words).flatMap(([key, value]): (readonly [string, string])[] => {
      if (typeof value === "string") return [[`${place}${key}`, value]];
      if (typeof value !== "function") return [...textsOf(value, `${place}${key}.`)];
      const sentence: unknown = value("{1}", "{2}", "{3}");
      return [[`${place}${key}`, String(sentence)]];
    }),
  );
}

describe("the words", () => {
  const [english, chinese] = [textsOf(en), textsOf(zh)];

  it("have the same keys in both languages, and none is empty", () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
    expect(english.size).toBeGreaterThan(90);
    for (const words of [english, chinese]) expect([...words].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("tell the same numbers in both languages", () => {
    const numbersIn = (text: string | undefined) => [...(text ?? "").matchAll(/\{\d\}/g)].map(([number]) => number).sort();
    // "Cancelled: none of 5 was sent" needs no other number; each language still names those that it is given.
    for (const [key, text] of english) expect([key, numbersIn(chinese.get(key))]).toEqual([key, numbersIn(text)]);
  });

  it("are Chinese in Chinese, but for URL", () => {
    expect(
      [...chinese].filter(([, text]) => !/\p{Script=Han}/u.test(text)).map(([key, text]) => [key, text.replace(/\{\d\}/g, "")]),
    ).toEqual([
      ["tabs.urls", "URL"],
      ["table.url", "URL"],
      ["table.shown", "/"],
    ]);
  });
});

describe("languageOf", () => {
  it.each([
    ["zh-CN", zh, "zh-CN"],
    ["zh", zh, "zh"],
    ["zh-Hans-SG", zh, "zh-Hans-SG"],
    ["zh_CN.UTF-8", zh, "zh-CN"],
    ["en-GB", en, "en-GB"],
    ["de-DE", en, "en"],
    ["en_US.UTF-8", en, "en"],
    ["", en, "en"],
    [undefined, en, "en"],
  ])("%s has these words, with numbers of %3$s", (locale, words, spoken) => {
    const language = languageOf(locale);
    expect(language.words).toBe(words);
    expect(language.locale).toBe(spoken);
  });
});

describe("the format", () => {
  const now = Date.UTC(2026, 10, 29, 12);
  const english = createFormat("en", "UTC", () => now);
  const chinese = createFormat("zh-CN", "Asia/Shanghai", () => now);

  it("writes numbers, bytes and spans in the language", () => {
    expect([english.count(12_345), chinese.count(12_345)]).toEqual(["12,345", "12,345"]);
    expect([english.bytes(0), english.bytes(65_586), english.bytes(5_509_098)]).toEqual(["0 byte", "65.6 kB", "5.5 MB"]);
    expect([english.span(41), english.span(3_559), chinese.span(3_559)]).toEqual(["41 sec", "59 min", "59分钟"]);
  });

  it("writes moments in the time zone, with the year when it is another one", () => {
    const reset = Date.UTC(2026, 10, 30, 16);
    expect([english.moment(reset), chinese.moment(reset)]).toEqual(["Nov 30, 16:00", "12月1日 00:00"]);
    expect(english.moment(Date.UTC(2027, 0, 2, 3))).toBe("Jan 2, 2027, 03:00");
    expect(english.clock(now)).toBe("12:00:00");
    expect([english.distance(reset, now), chinese.distance(reset, now)]).toEqual(["in 28 hours", "28小时后"]);
    expect(english.distance(now + 90_000, now)).toBe("in 90 seconds");
    expect(english.distance(now + 86_400_000 * 3, now)).toBe("in 3 days");
  });

  it("uses the machine's time zone when the host names none, or an unknown one", () => {
    const own = createFormat("en", undefined, () => now).moment(now);
    expect(createFormat("en", "Mars/Olympus", () => now).moment(now)).toBe(own);
    expect(own).toBe(createFormat("en", Intl.DateTimeFormat().resolvedOptions().timeZone, () => now).moment(now));
  });
});

it.each([
  ["https://a.example/\u202Egpj.exe", "https://a.example/\\u202Egpj.exe"],
  ["a\u0000b\u200Bc\u2029", "a\\u0000b\\u200Bc\\u2029"],
  ["\u{E0041}", "\\u{E0041}"],
  ["https://a.example/日本語?q=1", "https://a.example/日本語?q=1"],
])("visible(%j) is %j", (text, shown) => {
  expect(visible(text)).toBe(shown);
});
