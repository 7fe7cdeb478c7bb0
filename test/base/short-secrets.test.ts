import { describe, expect, it } from "vitest";
import { createSecrets } from "../../src/base/secrets.ts";

/** Fewer than six characters, or fewer than eight that are letters only. */
const { hide, isIn } = createSecrets(["cdn", "p&q", "12345", "mobile", "queued"]);

describe("a secret that could be an ordinary word", () => {
  it.each([
    "The cdn is queued for mobile viewers, error 12345.",
    '{"provider":"cdn","state":"queued","status":12345}',
    "https://mobile.example.com/cdn/queued?count=12345",
    "key management: the cdn",
    "passcdn: 1",
    "password: cdns",
  ])("stays in ordinary text: %s", (text) => {
    expect(hide(text)).toBe(text);
    expect(isIn(text)).toBe(false);
  });

  it.each([
    ["x-my-pass: cdn", "x-my-pass: [redacted]"],
    ["password=cdn&user=a", "password=[redacted]&user=a"],
    ["Password = CDN.", "Password = [redacted]."],
    ['{"token":"cdn"}', '{"token":"[redacted]"}'],
    ['{\\"secret_key\\":\\"cdn\\"}', '{\\"secret_key\\":\\"[redacted]\\"}'],
    ["x-api-key: p%26q", "x-api-key: [redacted]"],
    ["Authorization: Bearer mobile", "Authorization: Bearer [redacted]"],
    ["ak=12345, sk=cdn", "ak=[redacted], sk=[redacted]"],
  ])("goes behind a name that sounds like a credential: %s", (text, hidden) => {
    expect(hide(text)).toBe(hidden);
    expect(isIn(text)).toBe(true);
  });

  it("stays as a number of JSON, which would not be JSON without it", () => {
    expect(hide('{"sessions":12345}')).toBe('{"sessions":12345}');
  });

  it("goes everywhere from six characters on, and from eight if they are letters", () => {
    const longer = createSecrets(["hunter2", "passwort"]);
    expect(longer.hide("of hunter2 and passwort")).toBe("of [redacted] and [redacted]");
  });
});
