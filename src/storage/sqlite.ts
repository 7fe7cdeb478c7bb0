/** Storage in one SQLite file through Node's own driver; `:memory:` is the same thing without a file. */

import type { Clock } from "../base/clock.ts";
import type { AccountFacts, AccountQuery, NewTask, Storage } from "../prefetch/model/storage.ts";
import { createBatches } from "./batches.ts";
import { createCensus } from "./census.ts";
import { createChanging } from "./changing.ts";
import { createCircuitBreakers } from "./circuit-breakers.ts";
import { createClaiming } from "./claiming.ts";
import { createLedger } from "./ledger.ts";
import { createRateSlots } from "./rate-slots.ts";
import { createReading } from "./reading.ts";
import { openDatabase } from "./schema.ts";
import { createSql } from "./sql.ts";

/** States in which an item counts as sent, for the question whether it was sent lately. */
const SENT = "('processing', 'succeeded', 'untracked', 'unknown')";

export async function openSqlite(location: string, clock: Clock): Promise<Storage> {
  const sql = createSql(await openDatabase(location, clock), location);
  const { run, get, all, atomically, read } = sql;
  const ledger = createLedger(sql);
  const pace = createRateSlots(sql);
  const census = createCensus(sql);
  const batches = createBatches(sql, ledger, census);
  const circuits = createCircuitBreakers(sql);

  const factsOf = (query: AccountQuery): AccountFacts => {
    const rows = all(
      `SELECT i.target AS target, max(i.task_id) AS task_id
         FROM json_each(?) AS wanted
         JOIN items AS i ON i.target = wanted.value
         JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch
         JOIN tasks AS t ON t.id = i.task_id
        WHERE t.tenant = ? AND b.account = ? AND (i.state = 'queued' OR (b.sent_at > ? AND i.state IN ${SENT}))
        GROUP BY i.target`,
      JSON.stringify(query.targets),
      query.tenant,
      query.account,
      query.recentSince,
    );
    const own = (day: string) => ledger.spentBy(query.tenant, query.account, day);
    return {
      ledger: ledger.of(query.account, query.day),
      own: own(query.day),
      recent: new Map(rows.map((row) => [String(row.target), String(row.task_id)])),
      waiting: ledger.waiting(query.account),
      later: query.laterDays.map((day) => ({ ledger: ledger.of(query.account, day), own: own(day) })),
    };
  };

  const insertTask = ({ task, batches: planned, items }: NewTask): void => {
    run(
      "INSERT INTO tasks (id, tenant, traceparent, created_at, providers, duplicates_removed, skipped_recent) VALUES (?, ?, ?, ?, ?, ?, ?)",
      task.id,
      task.tenant,
      task.traceparent ?? null,
      task.createdAt,
      JSON.stringify(task.providers),
      task.duplicatesRemoved,
      task.skippedRecent,
    );
    for (const batch of planned) {
      batches.insert(batch);
      ledger.spend(batch, batch.day, batch.cost, false);
    }
    census.across(task.id, undefined, () => {
      for (const item of items) {
        run(
          "INSERT INTO items (task_id, idx, batch, kind, target, state, code, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          task.id,
          item.index,
          item.batch ?? null,
          item.kind,
          item.target,
          item.state,
          item.code ?? null,
          item.reason ?? null,
        );
      }
    });
  };

  const cancelUnsent = (taskId: string): void => {
    const unsent = all("SELECT number FROM batches WHERE task_id = ? AND state IN ('queued', 'claimed')", taskId);
    for (const row of unsent) batches.cancel(taskId, Number(row.number));
  };

  return {
    admit: (queries, decide) =>
      atomically(() => {
        const plan = decide(queries.map(factsOf));
        if (plan.task) insertTask(plan.task);
        return plan;
      }),

    facts: (queries) => read(() => queries.map(factsOf)),

    ...createReading(sql, batches, clock),

    ...createClaiming(sql, { ledger, batches, circuits, location }),

    ...createChanging(sql, batches, ledger),

    noteSignal: (account, reach) =>
      atomically(() => {
        const before = circuits.note(account, reach, clock.now());
        return reach === "answered" && before.failures > 0;
      }),

    isCancelled: (taskId) => read(() => get("SELECT cancelled FROM tasks WHERE id = ?", taskId)?.cancelled === 1),

    cancel: (taskId) =>
      atomically(() => {
        run("UPDATE tasks SET cancelled = 1 WHERE id = ?", taskId);
        cancelUnsent(taskId);
      }),

    clean: (before, most) =>
      atomically(() => {
        const old = all("SELECT id FROM tasks WHERE created_at < ? ORDER BY created_at LIMIT ?", before, most);
        for (const { id } of old) {
          cancelUnsent(String(id));
          census.across(String(id), undefined, () => run("DELETE FROM items WHERE task_id = ?", String(id)));
          run("DELETE FROM batches WHERE task_id = ?", String(id));
          run("DELETE FROM tasks WHERE id = ?", String(id));
        }
        // Days are written so that their order is that of time.
        const day = new Date(before).toISOString().slice(0, 10);
        run("DELETE FROM ledger WHERE day < ?", day);
        run("DELETE FROM tenant_ledger WHERE day < ?", day);
        run("DELETE FROM pace WHERE next_slot < ?", before);
        return old.length;
      }),

    census: () => read(() => census.all()),
    ledger: (account, day) => read(() => ledger.of(account, day)),
    spentBy: (tenant, account, day) => read(() => ledger.spentBy(tenant, account, day)),

    reserveSlot: (key, intervalMs, burst, now) => atomically(() => pace.reserve(key, intervalMs, burst, now)),
    pauseSlots: (key, until) => atomically(() => pace.hold(key, until)),

    close: async () => sql.close(),
  };
}
