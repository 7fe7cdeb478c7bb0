/** The vendor accounts of the model test and their days, computed without the code under test. */

import type { ProviderLimits } from "../../../src/prefetch/model/provider.ts";
import { fakeLimits } from "../../fakes/provider.ts";

export interface Account {
  readonly id: string;
  readonly hosts: readonly string[];
  readonly timeZone: string;
  /** No zone has daylight saving time, so a day is found by adding. */
  readonly offsetMs: number;
  /** Units a day; `undefined` where the vendor names no limit. */
  readonly limit: number | undefined;
  readonly urlsPerRequest: number;
  /** Whether the vendor keeps records that show a submit whose answer was lost. */
  readonly traceable: boolean;
  /** Whether the vendor reports its remaining quota, including units that other clients spent. */
  readonly counts: boolean;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const reconciled: Account = {
  id: "traced",
  hosts: ["a.example", "aa.example"],
  timeZone: "Asia/Shanghai",
  offsetMs: 8 * HOUR_MS,
  limit: 9,
  urlsPerRequest: 4,
  traceable: true,
  counts: false,
};
const blind: Account = {
  id: "blind",
  hosts: ["b.example"],
  timeZone: "UTC",
  offsetMs: 0,
  limit: undefined,
  urlsPerRequest: 3,
  traceable: false,
  counts: false,
};
/** The only account that accepts assets. */
export const counting: Account = {
  id: "counting",
  hosts: ["c.example"],
  timeZone: "Asia/Kolkata",
  offsetMs: 5.5 * HOUR_MS,
  limit: 8,
  urlsPerRequest: 3,
  traceable: true,
  counts: true,
};

export const accounts: readonly Account[] = [reconciled, blind, counting];

export function accountNamed(id: string): Account {
  const found = accounts.find((account) => account.id === id);
  if (!found) throw new Error(`There is no account ${id}.`);
  return found;
}

export function limitsOf({ urlsPerRequest, limit, timeZone }: Account): ProviderLimits {
  return { ...fakeLimits, urlsPerRequest, urlsPerDay: limit, timeZone };
}

export function dayOf({ offsetMs }: Account, at: number): string {
  return new Date(at + offsetMs).toISOString().slice(0, 10);
}

/** The moment at which the day of `at`, or a later day, begins. */
export function midnight({ offsetMs }: Account, at: number, days = 0): number {
  return (Math.floor((at + offsetMs) / DAY_MS) + days) * DAY_MS - offsetMs;
}

/** The day may not have begun by the vendor's clock. */
export function isEarly(account: Account, at: number): boolean {
  return at - midnight(account, at) < 10 * MINUTE_MS;
}
