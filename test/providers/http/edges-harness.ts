/** An `Edge` for tests: loopback only, every name resolves to this machine, and waits take no time. */

import type { Clock } from "../../../src/base/clock.ts";
import type { Edge, Verification } from "../../../src/prefetch/model/edge.ts";
import { createAddressGuard } from "../../../src/providers/http/net/address-guard.ts";
import { createEdge, type EdgeOptions } from "../../../src/providers/http/probe/edge.ts";
import { neverAborted as never } from "../../fakes/signal.ts";
import { closeAfterwards } from "./network-harness.ts";

export const HERE = "127.0.0.1";

/** Real time plus the sleeps, which take no real time. It agrees with servers that measure the age of copies in real time. */
export function skippingClock(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  let skipped = 0;
  return {
    slept,
    clock: {
      now: () => Date.now() + skipped,
      monotonic: () => performance.now() + skipped,
      boot: "test",
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        slept.push(ms);
        skipped += ms;
      },
    },
  };
}

export interface TestEdge extends Edge {
  readonly slept: readonly number[];
  /** Verifies a URL that has a single row. */
  one(url: string): Promise<Verification>;
}

export function testEdge(options: Partial<EdgeOptions> = {}): TestEdge {
  const guard = createAddressGuard({ allowLoopback: true, lookup: async () => [HERE], connectMs: 10_000, answerMs: 10_000 });
  closeAfterwards(() => guard.close());
  const { clock, slept } = skippingClock();
  const defaults = { guard, clock, headers: { "User-Agent": "test" }, variants: [], pops: [], random: () => 0.5, resolveCname: noCname };
  const edge = createEdge({ ...defaults, ...options });
  return {
    ...edge,
    slept,
    one: async (url) => {
      const rows = await edge.verify(url, never);
      const [row] = rows;
      if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows instead of one`);
      return row;
    },
  };
}

async function noCname(): Promise<string[]> {
  throw Object.assign(new Error("queryCname ENODATA"), { code: "ENODATA" });
}
