import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { manyUrls, urlsOf } from "../../fakes/provider.ts";
import { setUp, taken } from "./worker-harness.ts";

const unreachable = () => new PrefetchError("vendor_unavailable", "The connection failed", { retryable: true });

describe("worker, when the vendor cannot be reached", () => {
  it("tries less and less often, and sends every batch when the vendor is back", async () => {
    let down = true;
    const { clock, provider, worker, another, admit, items } = await setUp({
      answer: () => {
        if (down) throw unreachable();
        return taken;
      },
    });
    await admit({ urls: manyUrls(60) });
    const workers = [worker, another()];
    for (const each of workers) each.kick(provider);
    await clock.advance(3_600_000);
    // Two workers try four batches each, and then one batch after 5 s, 10 s, … and every five minutes.
    const tries = provider.received.length;
    expect(tries).toBeGreaterThan(15);
    expect(tries).toBeLessThan(35);
    expect((await items()).map((item) => item.state)).toEqual(Array(60).fill("queued"));
    down = false;
    await clock.advance(310_000);
    expect((await items()).map((item) => item.state)).toEqual(Array(60).fill("processing"));
    const accepted = provider.received.slice(tries).flatMap(urlsOf);
    expect(accepted.sort()).toEqual(manyUrls(60).sort());
  });

  it("tries one batch at a time while the circuit breaker is half open", async () => {
    const hanging: ((error: Error) => void)[] = [];
    const { clock, provider, worker, admit } = await setUp({ answer: () => new Promise((_, reject) => hanging.push(reject)) });
    await admit({ urls: manyUrls(40) });
    worker.kick(provider);
    await clock.settle();
    expect(hanging).toHaveLength(4);
    for (const reject of hanging.splice(0)) reject(unreachable());
    await clock.advance(30_000);
    expect(hanging).toHaveLength(1);
    for (const reject of hanging) reject(unreachable());
  });

  it("rejects a batch with a full refund after twelve attempts", async () => {
    const { clock, provider, worker, admit, items, used } = await setUp({
      answer: () => {
        throw unreachable();
      },
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(600_000);
    expect(await items()).toMatchObject([{ state: "queued", reason: expect.stringContaining("Will be sent again") }, { state: "queued" }]);
    await clock.advance(4 * 3_600_000);
    expect(await items()).toMatchObject([{ state: "rejected", code: "vendor_unavailable" }, { state: "rejected" }]);
    expect(provider.received).toHaveLength(12);
    expect(await used()).toBe(0);
  });

  it("leaves few outcomes unknown while answers are lost", async () => {
    const { clock, provider, worker, admit, items } = await setUp({
      answer: (_batch, nth) => {
        if (nth < 6) throw new PrefetchError("timeout", "No answer", { delivery: "unknown" });
        return taken;
      },
    });
    await admit({ urls: manyUrls(80) });
    worker.kick(provider);
    await clock.advance(3_600_000);
    const states = (await items()).map((item) => item.state);
    expect(states.filter((state) => state === "unknown")).toHaveLength(12);
    expect(states.filter((state) => state === "processing")).toHaveLength(68);
  });
});
