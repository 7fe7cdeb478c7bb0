/** How much of the server its callers may take up: requests in work, memory for what they send, and each tenant's share. */

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** Requests in work at once; more are told to come back. */
const MOST_REQUESTS = 1_000;
/** Bytes of bodies that are held at once. */
const MOST_BYTES = 256 * 1_048_576;
/** What one tenant may take of either, so that others always find room. */
const SHARE = 1 / 4;

/** A request in work. */
export interface Place {
  /** Takes memory for bytes that have arrived; false when there is none left for it. */
  hold(bytes: number): boolean;
  /** Gives back all that the request took up; may be called more than once. */
  leave(): void;
}

export interface Limits {
  /** `undefined` when the server, or the tenant's share of it, is full. Without a tenant there is nobody to share with. */
  enter(tenant: string | undefined): Place | undefined;
  /** Seconds that the tenant has to wait; 0 when it need not. */
  waitOf(tenant: string): Promise<number>;
  /** Requests in work. */
  working(): number;
}

export function createLimits(requestsPerMinute: number): Limits {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const all = { requests: 0, bytes: 0 };
  const shares = new Map<string, { requests: number; bytes: number }>();
  return {
    enter: (tenant) => {
      const own = tenant === undefined ? { requests: 0, bytes: 0 } : (shares.get(tenant) ?? { requests: 0, bytes: 0 });
      const share = tenant === undefined ? 1 : SHARE;
      if (all.requests >= MOST_REQUESTS || own.requests >= MOST_REQUESTS * share) return undefined;
      if (tenant !== undefined) shares.set(tenant, own);
      const taken = { requests: 0, bytes: 0 };
      const take = (what: "requests" | "bytes", amount: number): void => {
        for (const count of [all, own, taken]) count[what] += amount;
      };
      take("requests", 1);
      let here = true;
      return {
        hold: (bytes) => {
          if (!here || all.bytes + bytes > MOST_BYTES || own.bytes + bytes > MOST_BYTES * share) return false;
          take("bytes", bytes);
          return true;
        },
        leave: () => {
          if (!here) return;
          here = false;
          take("bytes", -taken.bytes);
          take("requests", -taken.requests);
          if (tenant !== undefined && own.requests === 0) shares.delete(tenant);
        },
      };
    },
    waitOf: async (tenant) => {
      try {
        await limiter.consume(tenant);
        return 0;
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
        throw refusal;
      }
    },
    working: () => all.requests,
  };
}
