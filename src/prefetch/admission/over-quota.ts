/** The error for a list that the quota does not allow: the numbers, whose limit it is, and the ways out. Pure. */

import { PrefetchError } from "../../base/errors.ts";
import { type Provider, quotaName } from "../model/provider.ts";
import { MOST_LATER_DAYS, type QuotaPolicy, remainingUnits, unitsLeft } from "../model/quota.ts";
import type { AccountState } from "./account-state.ts";

/** A provider whose quota is too small for its part of the list. */
export interface Shortage {
  readonly provider: Provider;
  /** Units of its part of the list. */
  readonly needed: number;
  readonly state: AccountState;
}

export interface ShortList {
  /** URLs of the whole list that today's quotas allow. */
  readonly fits: number;
  readonly policy: QuotaPolicy;
}

/** `shortages`: one or several. */
export function quotaExhausted(shortages: readonly [Shortage, ...Shortage[]], list: ShortList): PrefetchError {
  const [{ provider }, ...others] = shortages;
  const message = shortages.map((short) => `${need(short)}; ${rest(short.provider, short.state)}`).join(" ");
  const more = [...new Set(shortages.map(({ state }) => moreQuota(state)))].join(", or ");
  return new PrefetchError("quota_exhausted", message, {
    ...(others.length === 0 && { provider: provider.id }),
    hint: `Nothing was sent. ${waysOut(list, more)}`,
  });
}

function need({ provider, needed }: Shortage): string {
  return `This call needs ${needed.toLocaleString("en")} units of ${quotaName(provider)}'s quota`;
}

function rest(provider: Provider, state: AccountState): string {
  const { allowance, ledger, own, ownBudget } = state;
  if (ownBudget !== undefined && isBoundByTenant(state)) {
    const [left, budget] = [unitsLeft(ownBudget, own), ownBudget].map((units) => units.toLocaleString("en"));
    return `${left} of the ${budget} a day that you may spend (PREFETCH_TENANT_DAILY_BUDGET) are left.`;
  }
  const left = remainingUnits(allowance, ledger).toLocaleString("en");
  const whose = allowance.budgeted ? " (PREFETCH_DAILY_BUDGET)" : "";
  const limit = allowance.limit === undefined ? "" : ` of ${allowance.limit.toLocaleString("en")} a day${whose}`;
  const blind = provider.quota && allowance.source === "ledger" ? " The vendor itself could not be asked just now." : "";
  return `${left}${limit} are left.${blind}`;
}

function waysOut({ policy, fits }: ShortList, more: string): string {
  if (policy === "defer") return `The next ${MOST_LATER_DAYS} days have no room for it either: ${more}.`;
  if (fits === 0) return `Wait for the reset, call again with on_quota_exceeded "defer" to have it sent then, or ${more}.`;
  return `Call again with on_quota_exceeded "partial" to send the ${fits.toLocaleString("en")} URLs of the list that fit now, with "defer" to send the rest on later days too, or wait for the reset.`;
}

function moreQuota(state: AccountState): string {
  if (isBoundByTenant(state)) return "ask the operator of this server to raise PREFETCH_TENANT_DAILY_BUDGET";
  const refused = state.ledger.exhausted && state.allowance.source === "ledger";
  return state.allowance.budgeted && !refused ? "raise PREFETCH_DAILY_BUDGET" : "ask the vendor for a higher quota";
}

/** The tenant's own budget has less left than the account. */
function isBoundByTenant({ allowance, ledger, own, ownBudget }: AccountState): boolean {
  return unitsLeft(ownBudget, own) < remainingUnits(allowance, ledger);
}
