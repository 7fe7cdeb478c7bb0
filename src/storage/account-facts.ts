/** Collects the facts about one account that the admission of a task needs. */

import type { AccountFacts, AccountQuery } from "../prefetch/model/storage.ts";
import { inOrder } from "./in-order.ts";
import type { Ledger } from "./ledger.ts";
import type { Sql } from "./sql.ts";

/** States in which an item counts as sent when its batch was sent after `recentSince`. */
const SENT_STATES = "('processing', 'succeeded', 'untracked', 'unknown')";

/**
 * `recent_items` leads to the items that wait or were sent since, past the older ones of the same target. CROSS JOIN keeps
 * SQLite's planner from another order of the tables. It would begin with the tenant's tasks and compare each of their items with
 * each wanted target, which takes half a minute for two tasks of 10,000 URLs.
 */
export const RECENT_TASKS = `
  SELECT r.target AS target, max(r.task_id) AS task_id
    FROM json_each(?) AS wanted
    CROSS JOIN recent_items AS r ON r.target = wanted.value AND r.sent_at > ?
    CROSS JOIN items AS i ON i.task_id = r.task_id AND i.idx = r.idx
    CROSS JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch
    CROSS JOIN tasks AS t ON t.id = i.task_id
   WHERE t.tenant = ? AND ? IN (b.account, b.next_account) AND b.refreshed >= ? AND (i.state = 'queued' OR (b.sent_at > ? AND i.state IN ${SENT_STATES}))
   GROUP BY r.target`;

export function createAccountFacts({ all, get }: Sql, ledger: Ledger): (query: AccountQuery) => Promise<AccountFacts> {
  /** The newest task of the tenant that sent, or still sends, each target. */
  const recentTasks = async ({
    targets,
    tenant,
    account,
    recentSince,
    recentRefreshesOnly = false,
  }: AccountQuery): Promise<ReadonlyMap<string, string>> => {
    // Task ids begin with their time, so the greatest id is the newest task's.
    const rows = await all(RECENT_TASKS, JSON.stringify(targets), recentSince, tenant, account, Number(recentRefreshesOnly), recentSince);
    return new Map(rows.map((row) => [String(row.target), String(row.task_id)]));
  };

  const isUsed = async (answer: string): Promise<boolean> => (await get("SELECT 1 FROM tasks WHERE answer = ?", answer)) !== undefined;

  return async (query) => {
    const dayOf = async (day: string) => ({
      ledger: await ledger.of(query.account, day),
      own: await ledger.spentBy(query.tenant, query.account, day),
    });
    return {
      ...(await dayOf(query.day)),
      recent: await recentTasks(query),
      waiting: await ledger.waiting(query.account),
      later: await inOrder(query.laterDays, dayOf),
      isAnswerUsed: query.answer !== undefined && (await isUsed(query.answer)),
    };
  };
}
