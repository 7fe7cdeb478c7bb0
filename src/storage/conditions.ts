/** SQL about batches that several queries share. */

import { MOST_LATER_DAYS } from "../prefetch/model/quota.ts";

/** Batches that the vendor has not answered. The partial index `due_batches` serves only queries with exactly this condition. */
export const UNANSWERED = "state IN ('queued', 'claimed', 'sending')";

/** Units that a batch still reserves. The settled URLs of an interrupted batch have spent theirs. */
export const UNSPENT_COST = `CASE batches.kind WHEN 'asset' THEN batches.cost ELSE min(batches.cost,
  (SELECT count(*) FROM items WHERE items.task_id = batches.task_id AND items.batch = batches.number AND items.state = 'queued')) END`;

/**
 * No plan reaches further ahead than these times: a clock that was wrong wrote later ones, and such a batch is due at
 * once. With a smaller value, batches with a real back-off, deferral or lease are taken too early, and a lease that
 * still runs is broken. With a larger one, batches wait that long for a time that means nothing.
 */
const LONGEST_DELAY_MS = 26 * 3_600_000;
const LONGEST_DEFERRAL_MS = (MOST_LATER_DAYS + 1) * 86_400_000;
const LONGEST_LEASE_MS = 600_000;

/** True for a queued batch whose time has come, and for a held batch whose lease has run out. Needs a column `clock.now`. */
export const DUE = `CASE state
  WHEN 'queued' THEN not_before <= clock.now
    OR not_before > clock.now + CASE may_wait WHEN 1 THEN ${LONGEST_DEFERRAL_MS} ELSE ${LONGEST_DELAY_MS} END
  ELSE lease_until <= clock.now OR lease_until > clock.now + ${LONGEST_LEASE_MS}
END`;
