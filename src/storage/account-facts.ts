/** Collects the facts about one account that the admission of a task needs. */

import type { AccountFacts, AccountQuery } from "../prefetch/model/storage.ts";
import type { Ledger } from "./ledger.ts";
import type { Sql } from "./sql.ts";

/** States in which an item counts as sent when its batch was sent after `recentSince`. */
const SENT_STATES = "('processing', 'succeeded', 'untracked', 'unknown')";

/**
 * How long a target that is not recent any more is still looked at. With a shorter time, a clock that is set back lets
 * targets be sent again sooner; with a longer one, targets that are warmed often take longer to look up.
 */
const REMEMBERED_MS = 3_600_000;
/** Items that an admission forgets at most. It may add 10,000, so fewer would never catch up; more make one admission slow. */
const MOST_FORGOTTEN = 20_000;

/**
 * CROSS JOIN keeps SQLite's planner from another order of the tables. It would begin with the tenant's tasks and compare each of their
 * items with each wanted target, which takes half a minute for two tasks of 10,000 URLs.
 */
const WANTED_ITEMS = `json_each(?) AS wanted
    CROSS JOIN recent_items AS r ON r.target = wanted.value
    CROSS JOIN items AS i ON i.task_id = r.task_id AND i.idx = r.idx
    CROSS JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch`;

export const RECENT_TASKS = `
  SELECT r.target AS target, max(r.task_id) AS task_id
    FROM ${WANTED_ITEMS}
    CROSS JOIN tasks AS t ON t.id = i.task_id
   WHERE t.tenant = ? AND b.account = ? AND (i.state = 'queued' OR (b.sent_at > ? AND i.state IN ${SENT_STATES}))
   GROUP BY r.target`;

/** A batch that is `sent` or `ended` is not sent again, so its items count less and less. */
export const FORGET = `
  DELETE FROM recent_items WHERE (target, task_id, idx) IN (
    SELECT r.target, r.task_id, r.idx FROM ${WANTED_ITEMS}
     WHERE b.state IN ('sent', 'ended') AND i.state <> 'queued' AND coalesce(b.sent_at, 0) <= ?
     LIMIT ?)`;

export interface Facts {
  of(query: AccountQuery): AccountFacts;
  /** Forgets the items that no later query counts, whose targets the query wants. */
  forget(query: AccountQuery): void;
}

export function createAccountFacts({ all, run }: Sql, ledger: Ledger): Facts {
  /** The newest task of the tenant that sent, or still sends, each target. */
  const recentTasks = ({ targets, tenant, account, recentSince }: AccountQuery): ReadonlyMap<string, string> => {
    // Task ids begin with their time, so the greatest id is the newest task's.
    const rows = all(RECENT_TASKS, JSON.stringify(targets), tenant, account, recentSince);
    return new Map(rows.map((row) => [String(row.target), String(row.task_id)]));
  };

  return {
    of: (query) => {
      const dayOf = (day: string) => ({ ledger: ledger.of(query.account, day), own: ledger.spentBy(query.tenant, query.account, day) });
      return {
        ...dayOf(query.day),
        recent: recentTasks(query),
        waiting: ledger.waiting(query.account),
        later: query.laterDays.map(dayOf),
      };
    },
    forget: ({ targets, recentSince }) => run(FORGET, JSON.stringify(targets), recentSince - REMEMBERED_MS, MOST_FORGOTTEN),
  };
}
