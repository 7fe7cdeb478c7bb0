/** Known ways to make a URL reach a private address. None of them may even dial. */

import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import { canary, recordDialling } from "../network-harness.ts";
import { bypasses } from "./bypasses.ts";
import { ask, guardOf, HERE, refusal, resolvesTo } from "./guard-harness.ts";

describe("the address guard against bypasses", () => {
  it("is tried with more than 80 distinct forms", () => {
    const forms = bypasses(1).map(([form]) => form);
    expect(new Set(forms).size).toBe(forms.length);
    expect(forms.length).toBeGreaterThan(80);
  });

  it.each(bypasses(0).map(([form], index) => [JSON.stringify(form), index] as const))("does not connect for %s", async (_, index) => {
    const trap = await canary();
    // The port is open, so that only the address can be the reason for the refusal.
    const guard = guardOf({ ports: [trap.port], lookup: resolvesTo(HERE) });
    const [form = "", refuser = "parser"] = bypasses(trap.port)[index] ?? [];
    const dialled = recordDialling();

    const url = await (async () => guard.checkUrl(form))().catch((error: unknown) => error);
    if (refuser === "connection") {
      if (!(url instanceof URL)) throw url;
      await refusal(() => ask(guard, url));
    } else {
      expect(url).toBeInstanceOf(PrefetchError);
      expect(url).toMatchObject({ code: refuser === "check" ? "forbidden_domain" : "invalid_argument", retryable: false });
    }

    const unchecked = await ask(guard, form).catch((error: unknown) => error);
    if (unchecked instanceof PrefetchError) expect(unchecked.code).toBe("forbidden_domain");
    else expect(unchecked).toMatchObject({ code: expect.stringMatching(/^(ERR_INVALID_URL|UND_ERR_INVALID_ARG)$/) });
    expect(dialled).toEqual([]);
    expect(trap.connections).toBe(0);
  });

  it("rejects input that is not a string", () => {
    for (const input of [undefined, null, 2130706433, ["http://example.com/"], { href: "http://example.com/" }]) {
      expect(() => guardOf().checkUrl(input)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    }
  });
});
