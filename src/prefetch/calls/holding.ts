/** The holders of a task's unsent items, and when this process takes up the items of a holder that may be dead. Pure. */

import type { HeldItems } from "../model/storage.ts";

export interface Holding {
  /** Items on the wire of a process that lives. */
  readonly sending: number;
  /** Items whose answer was lost, and when the vendor's records are asked about the last of them. */
  readonly lost: { readonly items: number; readonly at: number } | undefined;
  /** Items of a process that may be dead, how many of them it had begun to send, and when this process takes up the last. */
  readonly silent: { readonly items: number; readonly sent: number; readonly at: number } | undefined;
}

/** `takesUpAt`: `undefined` for a process that lives. */
export function holdingOf(held: readonly HeldItems[], takesUpAt: (owner: string) => number | undefined): Holding {
  const groups = held.map((each) => ({ ...each, takenUpAt: each.owner === undefined ? undefined : takesUpAt(each.owner) }));
  const silent = groups.flatMap(({ takenUpAt, ...each }) => (takenUpAt === undefined ? [] : [{ ...each, at: takenUpAt }]));
  const others = groups.filter(({ takenUpAt, isSent }) => takenUpAt === undefined && isSent);
  const lost = others.filter(({ owner }) => owner === undefined);
  return {
    sending: itemsOf(others.filter(({ owner }) => owner !== undefined)),
    lost: lost.length > 0 ? { items: itemsOf(lost), at: latestOf(lost) } : undefined,
    silent:
      silent.length > 0
        ? { items: itemsOf(silent), sent: itemsOf(silent.filter(({ isSent }) => isSent)), at: latestOf(silent) }
        : undefined,
  };
}

function itemsOf(groups: readonly HeldItems[]): number {
  return groups.reduce((sum, { items }) => sum + items, 0);
}

function latestOf(groups: readonly HeldItems[]): number {
  return Math.max(...groups.map(({ at }) => at));
}
