/** Admission control: requests in flight, memory for their messages, and each tenant's share and rate. */

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** Requests in flight. A higher limit risks memory and latency; a lower one refuses more of a burst. */
const MOST_REQUESTS = 1_000;
/** Share of them that one tenant may use. A larger share lets one tenant starve the rest; a smaller one wastes idle capacity. */
const TENANT_SHARE = 1 / 4;
/** The same for memory. On the smallest heap, a smaller share would refuse a body of the greatest size for ever. */
const TENANT_SHARE_OF_MEMORY = 3 / 4;

/** Capacity that one request in flight holds. */
export interface RequestPermit {
  /** Takes memory for a part of the message; false when a limit is reached or the permit is released. */
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

export interface LimitOptions {
  /** Limit per tenant. */
  readonly requestsPerMinute: number;
  /** Bytes of memory for the messages of all requests in flight. */
  readonly memory: number;
}

export function createRequestLimits({ requestsPerMinute, memory }: LimitOptions): RequestLimits {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const total: Usage = { requests: 0, bytes: 0 };
  const tenants = new Map<string, Usage>();

  return {
    acquire: (tenant) => {
      const own = (tenant === undefined ? undefined : tenants.get(tenant)) ?? { requests: 0, bytes: 0 };
      const mostOfOwn = MOST_REQUESTS * (tenant === undefined ? 1 : TENANT_SHARE);
      if (total.requests >= MOST_REQUESTS || own.requests >= mostOfOwn) return undefined;
      if (tenant !== undefined) tenants.set(tenant, own);
      const memoryOfOwn = memory * (tenant === undefined ? 1 : TENANT_SHARE_OF_MEMORY);
      const hasRoom = (bytes: number): boolean => total.bytes + bytes <= memory && own.bytes + bytes <= memoryOfOwn;
      return createPermit([total, own], hasRoom, () => {
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

function createPermit(usages: readonly Usage[], hasRoom: (bytes: number) => boolean, onRelease: () => void): RequestPermit {
  const held: Usage = { requests: 0, bytes: 0 };
  const add = (key: keyof Usage, amount: number): void => {
    for (const usage of [...usages, held]) usage[key] += amount;
  };
  add("requests", 1);
  let released = false;
  return {
    reserve: (bytes) => {
      if (released || !hasRoom(bytes)) return false;
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
