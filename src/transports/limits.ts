/** How much of the server its callers may take up: requests in work, memory for what they send, and each tenant's share. */

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** Requests in work at once; more are told to come back. */
const MOST_REQUESTS = 1_000;
/** Bytes of bodies that may be under way at once. */
const MOST_BYTES = 256 * 1_048_576;

export interface Admission {
  /** Gives back what the request took up; may be called more than once. */
  release(): void;
}

export interface Limits {
  /** `undefined` when the server is full. */
  admit(bytes: number): Admission | undefined;
  /** Seconds that the tenant has to wait; 0 when it need not. */
  waitOf(tenant: string): Promise<number>;
  /** Requests in work. */
  working(): number;
}

export function createLimits(requestsPerMinute: number): Limits {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  let requests = 0;
  let bytesUnderWay = 0;
  return {
    admit: (bytes) => {
      if (requests >= MOST_REQUESTS || bytesUnderWay + bytes > MOST_BYTES) return undefined;
      requests += 1;
      bytesUnderWay += bytes;
      let held = true;
      return {
        release: () => {
          if (!held) return;
          held = false;
          requests -= 1;
          bytesUnderWay -= bytes;
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
    working: () => requests,
  };
}
