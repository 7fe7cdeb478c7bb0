/** Reads the snapshot of one task from which its status is answered. */

import type { Clock } from "../base/clock.ts";
import type { HeldItems, ProviderCounts, TaskSnapshot } from "../prefetch/model/storage.ts";
import { LONG_WAIT_MS, noCounts } from "../prefetch/model/task.ts";
import type { ItemCounts } from "./item-counts.ts";
import { stateFrom, taskFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** Failed items that are compared with earlier tasks. More would delay each look at a large task. */
const COMPARED = 500;

/** The batches of a task with their items. Without CROSS JOIN and INDEXED BY, SQLite reads all items of the task. */
const BATCHES_WITH_ITEMS = `batches AS b CROSS JOIN items AS i INDEXED BY items_by_batch ON i.task_id = b.task_id AND i.batch = b.number`;

type Waiting = Pick<TaskSnapshot, "held" | "later" | "deferred" | "delay">;
const nothingWaits: Waiting = { held: [], later: undefined, deferred: undefined, delay: undefined };

/** What a task with unsent items waits for. */
function createWaiting({ get, all }: Sql, clock: Pick<Clock, "now">): (taskId: string) => Promise<Waiting> {
  const heldItems = async (taskId: string): Promise<HeldItems[]> => {
    const rows = await all(
      `SELECT b.owner AS owner, b.state AS state, count(*) AS n, max(b.lease_until) AS at FROM ${BATCHES_WITH_ITEMS}
        WHERE b.task_id = ? AND b.state IN ('claimed', 'sending') AND i.state = 'queued' GROUP BY b.owner, b.state`,
      taskId,
    );
    return rows.map(
      (row): HeldItems => ({
        owner: typeof row.owner === "string" ? row.owner : undefined,
        isSent: row.state === "sending",
        items: Number(row.n),
        at: Number(row.at),
      }),
    );
  };

  /** Items that may not be sent before `after`. */
  const itemsDueAfter = async (after: number, taskId: string): Promise<TaskSnapshot["later"]> => {
    const row = await get(
      `SELECT count(*) AS n, min(b.not_before) AS first, max(b.not_before) AS last
         FROM ${BATCHES_WITH_ITEMS} WHERE b.task_id = ? AND b.state = 'queued' AND b.not_before > ?`,
      taskId,
      after,
    );
    return row?.n ? { items: Number(row.n), from: Number(row.first), until: Number(row.last) } : undefined;
  };

  const delayReason = async (taskId: string): Promise<string | undefined> => {
    const row = await get(
      "SELECT reason FROM items WHERE task_id = ? AND state = 'queued' AND reason IS NOT NULL ORDER BY idx LIMIT 1",
      taskId,
    );
    return typeof row?.reason === "string" ? row.reason : undefined;
  };

  return async (taskId) => ({
    held: await heldItems(taskId),
    later: await itemsDueAfter(clock.now(), taskId),
    deferred: await itemsDueAfter(clock.now() + LONG_WAIT_MS, taskId),
    delay: await delayReason(taskId),
  });
}

export function createTaskSnapshot(
  sql: Sql,
  counts: ItemCounts,
  clock: Pick<Clock, "now">,
): (taskId: string) => Promise<TaskSnapshot | undefined> {
  const { get, all } = sql;
  const waitingOf = createWaiting(sql, clock);

  const batchTotals = async (taskId: string): Promise<Pick<TaskSnapshot, "batches" | "openBatches" | "bytes">> => {
    const row = await get(
      "SELECT count(*) AS n, count(*) FILTER (WHERE state <> 'ended') AS open, sum(bytes) AS bytes FROM batches WHERE task_id = ?",
      taskId,
    );
    return { batches: Number(row?.n), openBatches: Number(row?.open), bytes: Number(row?.bytes ?? 0) };
  };

  const accounts = async (taskId: string): Promise<string[]> => {
    const text = "SELECT DISTINCT coalesce(next_account, account) AS account FROM batches WHERE task_id = ? ORDER BY account";
    return (await all(text, taskId)).map((row) => String(row.account));
  };

  const waitingAccounts = async (taskId: string): Promise<string[]> => {
    const rows = await all(
      `SELECT DISTINCT account FROM batches
        WHERE task_id = ? AND (state = 'queued' OR (state IN ('claimed', 'sending') AND owner IS NULL AND lease_until <= ?)) ORDER BY account`,
      taskId,
      clock.now(),
    );
    return rows.map((row) => String(row.account));
  };

  const failedAgain = async (taskId: string): Promise<number> => {
    const row = await get(
      `SELECT count(*) AS n
         FROM (SELECT target, code FROM items WHERE task_id = ? AND state = 'failed' ORDER BY idx LIMIT ${COMPARED}) AS f
        WHERE EXISTS (
          SELECT 1 FROM items AS e INDEXED BY items_by_target CROSS JOIN tasks AS t ON t.id = e.task_id
           WHERE e.target = f.target AND e.task_id < ? AND e.state = 'failed' AND e.code IS NOT DISTINCT FROM f.code
             AND t.tenant = (SELECT tenant FROM tasks WHERE id = ?))`,
      taskId,
      taskId,
      taskId,
    );
    return Number(row?.n);
  };

  const rejections = async (taskId: string): Promise<ReadonlyMap<string, number>> => {
    const rows = await all("SELECT code, count(*) AS n FROM items WHERE task_id = ? AND state = 'rejected' GROUP BY code", taskId);
    return new Map(rows.map((row) => [String(row.code), Number(row.n)]));
  };

  const byProvider = async (taskId: string): Promise<ProviderCounts[]> => {
    const rows = await all(
      `SELECT coalesce(b.next_provider, b.provider) AS name, i.state AS state, count(*) AS n FROM ${BATCHES_WITH_ITEMS}
        WHERE b.task_id = ? GROUP BY name, i.state ORDER BY name`,
      taskId,
    );
    return [...Map.groupBy(rows, (row) => String(row.name))].map(([provider, own]) => {
      const counts = noCounts();
      for (const { state, n } of own) counts[stateFrom(state)] = Number(n);
      return { provider, counts };
    });
  };

  return async (taskId) => {
    const row = await get("SELECT * FROM tasks WHERE id = ?", taskId);
    if (!row) return undefined;
    const byState = await counts.ofTask(taskId);
    const task = taskFrom(row);
    const waiting = byState.queued > 0 ? await waitingOf(taskId) : nothingWaits;
    return {
      task,
      byProvider: task.providers.length > 1 ? await byProvider(taskId) : [],
      counts: byState,
      ...(await batchTotals(taskId)),
      ...waiting,
      sending: waiting.held.reduce((sum, { isSent, items }) => sum + (isSent ? items : 0), 0),
      accounts: await accounts(taskId),
      waitingAccounts: await waitingAccounts(taskId),
      rejections: byState.rejected > 0 ? await rejections(taskId) : new Map(),
      failedAgain: byState.failed > 0 ? await failedAgain(taskId) : 0,
    };
  };
}
