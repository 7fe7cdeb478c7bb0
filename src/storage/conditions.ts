/** SQL about batches that several queries share. */

import { MOST_LATER_DAYS } from "../prefetch/model/quota.ts";
import type { Claimant } from "../prefetch/model/storage.ts";

/** Batches that the vendor has not answered. The partial index `due_batches` serves only queries with exactly this condition. */
export const UNANSWERED = "state IN ('queued', 'claimed', 'sending')";

/** Units that a batch still reserves. The settled URLs of an interrupted batch have spent theirs. */
export const UNSPENT_COST = `CASE batches.kind WHEN 'asset' THEN batches.cost ELSE min(batches.cost,
  (SELECT count(*) FROM items WHERE items.task_id = batches.task_id AND items.batch = batches.number AND items.state = 'queued')) END`;

/** The vendor has accepted to drop the old copies of a batch, whose own units are spent then. */
export const REFRESHING = "(batches.next_account IS NOT NULL AND batches.vendor_task_ids <> '[]')";

/** The vendor has been told to drop the old copies of a batch, and perhaps has done so. */
export const COPIES_DROPPED = "(batches.refreshed = 1 AND (batches.next_account IS NULL OR batches.vendor_task_ids <> '[]'))";

/**
 * No plan reaches further ahead than these times: a clock that was wrong wrote later ones, and such a batch is due at
 * once. With a smaller value, batches with a real back-off, deferral or lease are taken too early, and a lease that
 * still runs is broken. With a larger one, batches wait that long for a time that means nothing.
 */
const LONGEST_DELAY_MS = 26 * 3_600_000;
const LONGEST_DEFERRAL_MS = (MOST_LATER_DAYS + 1) * 86_400_000;
const LONGEST_LEASE_MS = 600_000;

/** The time and the claimant for which `DUE` holds. Its values come from `viewerOf`. */
export const VIEWER = `(SELECT CAST(? AS BIGINT) AS now, CAST(? AS TEXT) AS self, CAST(? AS TEXT) AS in_hand, CAST(? AS TEXT) AS dead) AS viewer`;

export function viewerOf(now: number, claimant: Claimant | undefined): [number, string, string, string] {
  const inHand = (claimant?.inHand ?? []).map(({ taskId, number }) => `${taskId} ${number}`);
  const dead = (claimant?.dead ?? []).map(({ owner, beat }) => `${owner} ${beat}`);
  return [now, claimant?.owner ?? "", JSON.stringify(inHand), JSON.stringify(dead)];
}

/**
 * A batch is due to the viewer:
 *
 * | batch                         | when                                                          |
 * | ----------------------------- | ------------------------------------------------------------- |
 * | `queued`                      | its time has come                                             |
 * | held, without an owner        | its lease has run out                                         |
 * | held by the viewer            | the viewer does not have it in hand: it lost track of it      |
 * | held by another process       | the viewer counts that one as dead, and it has not beaten since |
 */
export const DUE = `CASE
  WHEN state = 'queued' THEN not_before <= viewer.now
    OR not_before > viewer.now + CASE may_wait WHEN 1 THEN ${LONGEST_DEFERRAL_MS} ELSE ${LONGEST_DELAY_MS} END
  WHEN owner IS NULL THEN lease_until <= viewer.now OR lease_until > viewer.now + ${LONGEST_LEASE_MS}
  WHEN owner = viewer.self THEN task_id || ' ' || number NOT IN (SELECT value FROM json_each(viewer.in_hand))
  ELSE owner || ' ' || coalesce((SELECT beat FROM owners WHERE id = batches.owner), 0) IN (SELECT value FROM json_each(viewer.dead))
END`;
