/** An edge to ask, as tests want it: this machine's loopback, every name on it, and no waiting. */

import type { Clock } from "../../../src/base/clock.ts";
import type { Edge, Verification } from "../../../src/prefetch/model/edge.ts";
import { createAddressGuard } from "../../../src/providers/http/net/address-guard.ts";
import { createEdge, type EdgeOptions } from "../../../src/providers/http/probe/edge.ts";
import { closeAfterwards } from "./network-harness.ts";

export const HERE = "127.0.0.1";

/** Sleeps at once, and its time goes on by as much. */
export function skippingClock(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  let skipped = 0;
  return {
    slept,
    clock: {
      now: () => Date.now() + skipped,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        slept.push(ms);
        skipped += ms;
      },
    },
  };
}

export interface AskedEdge extends Edge {
  readonly slept: readonly number[];
  /** The only row of a URL. */
  one(url: string): Promise<Verification>;
}

export function askedEdge(options: Partial<EdgeOptions> = {}): AskedEdge {
  const guard = createAddressGuard({ allowLoopback: true, lookup: async () => [HERE], connectMs: 1_000, answerMs: 1_000 });
  closeAfterwards(() => guard.close());
  const { clock, slept } = skippingClock();
  const usual = { guard, clock, headers: { "User-Agent": "test" }, variants: [], pops: [], random: () => 0.5, resolveCname: noCname };
  const edge = createEdge({ ...usual, ...options });
  return {
    ...edge,
    slept,
    one: async (url) => {
      const rows = await edge.verify(url, new AbortController().signal);
      const [row] = rows;
      if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows instead of one`);
      return row;
    },
  };
}

async function noCname(): Promise<string[]> {
  throw Object.assign(new Error("queryCname ENODATA"), { code: "ENODATA" });
}
