/** Ends waits that were planned by a clock which was set back since. */

import type { Storage } from "../prefetch/model/storage.ts";
import { UNANSWERED } from "./conditions.ts";
import type { Sql } from "./sql.ts";

/**
 * The store's last note by the old clock, plus the longest wait that one process plans for itself: a back-off or a pause of
 * five minutes after a request of one. Smaller: such a wait lasts as long as the clock was set back. Larger: more waits for
 * another day end early, and find no quota.
 */
const LONGEST_WAIT_MS = 600_000;
/** Smaller: the clocks of a living machine, which are adjusted all the time, look like a clock that was set. */
const NOTICED_MS = 1_000;

export function createOldWaits({ run, get }: Sql): Pick<Storage, "endOldWaits"> {
  /**
   * The latest moment at which something is known to have happened to a batch that waits, to the newest task, or to any batch within
   * the longest wait from now. A later note of a batch that waits no more would end waits at every start until the batch is deleted.
   */
  const lastNote = async (now: number): Promise<number> => {
    // The ids of tasks sort by the time of their creation.
    const newest = await get("SELECT created_at AS at FROM tasks ORDER BY id DESC LIMIT 1");
    const waiting = await get(
      `SELECT max(max(tasks.created_at, coalesce(batches.sent_at, 0))) AS at FROM batches JOIN tasks ON tasks.id = task_id WHERE ${UNANSWERED}`,
    );
    const sent = await get("SELECT max(sent_at) AS at FROM batches WHERE sent_at > ? AND sent_at <= ?", now, now + LONGEST_WAIT_MS);
    return Math.max(Number(newest?.at ?? 0), Number(waiting?.at ?? 0), Number(sent?.at ?? 0));
  };

  return {
    endOldWaits: async (now, setBackMs) => {
      const oldNow = Math.max(now + setBackMs, await lastNote(now));
      if (oldNow <= now + NOTICED_MS) return false;
      const times = [now, now, oldNow + LONGEST_WAIT_MS];
      await run("UPDATE batches SET not_before = ? WHERE state = 'queued' AND not_before > ? AND not_before <= ?", ...times);
      await run(
        "UPDATE batches SET lease_until = ? WHERE state = 'sending' AND owner IS NULL AND lease_until > ? AND lease_until <= ?",
        ...times,
      );
      await run("UPDATE pace SET next_slot = ? WHERE next_slot > ? AND next_slot <= ?", ...times);
      await run("UPDATE circuits SET open_until = ? WHERE open_until > ? AND open_until <= ?", ...times);
      return true;
    },
  };
}
