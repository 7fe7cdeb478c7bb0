import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTurnstile } from "../../src/prefetch/turnstile.ts";
import { fakeClock, never } from "../fakes.ts";

describe("createTurnstile", () => {
  it("lets so many in at a time, in the order of asking, whatever becomes of them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ ms: fc.nat({ max: 50 }), fails: fc.boolean() }), { maxLength: 15 }),
        async (most, works) => {
          const clock = fakeClock();
          const turnstile = createTurnstile(most);
          const begun: number[] = [];
          let inside = 0;
          const all = works.map(({ ms, fails }, index) =>
            turnstile(async () => {
              begun.push(index);
              inside += 1;
              expect(inside).toBeLessThanOrEqual(most);
              await clock.sleep(ms, never);
              inside -= 1;
              if (fails) throw new Error(`${index}`);
              return index;
            }, never),
          );
          const results = await clock.drive(Promise.allSettled(all));
          expect(results.map(({ status }) => status)).toEqual(works.map(({ fails }) => (fails ? "rejected" : "fulfilled")));
          expect(begun).toEqual(works.map((_, index) => index));
          expect(await turnstile(async () => "free again", never)).toBe("free again");
        },
      ),
      { numRuns: 50 },
    );
  });

  it("lets those go who give up, and gives their place to nobody twice", async () => {
    const turnstile = createTurnstile(1);
    let open = (): void => undefined;
    const first = turnstile(
      () =>
        new Promise<void>((resolve) => {
          open = resolve;
        }),
      never,
    );
    const stop = new AbortController();
    const second = turnstile(async () => "second", stop.signal);
    const third = turnstile(async () => "third", never);
    stop.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    open();
    await first;
    expect(await third).toBe("third");
    await expect(turnstile(async () => "late", stop.signal)).rejects.toThrow("gone");
    expect(await turnstile(async () => "fourth", never)).toBe("fourth");
  });
});
