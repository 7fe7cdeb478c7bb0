/** Admission control: requests in flight, memory for their bodies, and each tenant's share and rate. */

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** Requests in flight. A higher limit risks memory and latency; a lower one refuses more of a burst. */
const MOST_REQUESTS = 1_000;
/** Memory for request bodies. */
const MOST_BODY_BYTES = 256 * 1_048_576;
/** Share of both limits that one tenant may use. A larger share lets one tenant starve the rest; a smaller one wastes idle capacity. */
const TENANT_SHARE = 1 / 4;

/** Capacity that one request in flight holds. */
export interface RequestPermit {
  /** Takes memory for received bytes; false when a limit is reached or the permit is released. */
  reserve(bytes: number): boolean;
  /** Returns all capacity of the request. Idempotent. */
  release(): void;
}

export interface RequestLimits {
  /** `undefined` when the server or the tenant's share is full. A server without tenants has no shares. */
  acquire(tenant: string | undefined): RequestPermit | undefined;
  /** Counts a request against the tenant's rate. Returns the seconds that the tenant must wait, or 0 to go on. */
  countRequest(tenant: string): Promise<number>;
  inFlight(): number;
}

interface Usage {
  requests: number;
  bytes: number;
}

export function createRequestLimits(requestsPerMinute: number): RequestLimits {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const total: Usage = { requests: 0, bytes: 0 };
  const tenants = new Map<string, Usage>();

  return {
    acquire: (tenant) => {
      const share = tenant === undefined ? 1 : TENANT_SHARE;
      const own = (tenant === undefined ? undefined : tenants.get(tenant)) ?? { requests: 0, bytes: 0 };
      if (total.requests >= MOST_REQUESTS || own.requests >= MOST_REQUESTS * share) return undefined;
      if (tenant !== undefined) tenants.set(tenant, own);
      return createPermit(total, own, share, () => {
        if (tenant !== undefined && own.requests === 0) tenants.delete(tenant);
      });
    },
    countRequest: async (tenant) => {
      try {
        await limiter.consume(tenant);
        return 0;
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
        throw refusal;
      }
    },
    inFlight: () => total.requests,
  };
}

function createPermit(total: Usage, own: Usage, share: number, onRelease: () => void): RequestPermit {
  const held: Usage = { requests: 0, bytes: 0 };
  const add = (key: keyof Usage, amount: number): void => {
    for (const usage of [total, own, held]) usage[key] += amount;
  };
  add("requests", 1);
  let released = false;
  return {
    reserve: (bytes) => {
      if (released || total.bytes + bytes > MOST_BODY_BYTES || own.bytes + bytes > MOST_BODY_BYTES * share) return false;
      add("bytes", bytes);
      return true;
    },
    release: () => {
      if (released) return;
      released = true;
      add("bytes", -held.bytes);
      add("requests", -held.requests);
      onRelease();
    },
  };
}
