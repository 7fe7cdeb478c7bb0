/**
 * The step to schema version 8: tables that triggers derive from tasks and items.
 *
 * | table or column    | holds                                             | serves                 |
 * | ------------------ | ------------------------------------------------- | ---------------------- |
 * | `task_counts`      | the items of each task by state                   | status, list, `census` |
 * | `tasks.task_state` | the state that `taskState` gives for these counts | list                   |
 * | `listing`          | each task by provider, state and time             | list                   |
 * | `recent_items`     | items by target and time of sending               | admission              |
 *
 * Triggers keep them right whichever process writes, also one of an earlier version that still runs on the same file.
 */

import { itemStates, noCounts, taskState } from "../prefetch/model/task.ts";

/** Sends up to this long before the newest one are copied. After a shorter time, URLs may be sent again; a longer one copies more rows. */
const RECENT_AT_MIGRATION_MS = 3_600_000;

/**
 * A task's state follows from the set of states that its items are in, not from their numbers. So a trigger can look it up:
 * "failed,succeeded" is `partial`. `test/prefetch/model/task.test.ts` fails when `taskState` begins to use numbers. When it
 * changes, a new migration must fill `task_states` again and derive the states of all tasks.
 */
function stateRows(): string {
  const names = [...itemStates].sort();
  const sets = Array.from({ length: 2 ** names.length - 1 }, (_, bits) => names.filter((_, position) => (bits + 1) & (1 << position)));
  return sets
    .map((present) => {
      const counts = { ...noCounts(), ...Object.fromEntries(present.map((state) => [state, 1])) };
      return `('${present.join(",")}', '${taskState(counts)}')`;
    })
    .join(", ");
}

export const fillTaskStates = `INSERT INTO task_states VALUES ${stateRows()};`;

/** An unknown state comes from a damaged item. The task then keeps its state, so that other items can still change. */
const deriveStates = `
  UPDATE tasks SET task_state = coalesce(
    (SELECT state FROM task_states WHERE present =
      (SELECT group_concat(task_counts.state, ',' ORDER BY task_counts.state) FROM task_counts WHERE task_id = tasks.id)),
    task_state)`;

/** States of a batch that is not sent again: its `sent_at` stays as it is. */
const SETTLED = "('sent', 'ended')";
/** Stands for the time of sending of an item whose batch is not settled. It is later than any time, so the item is always looked at. */
const NOT_SETTLED = Number.MAX_SAFE_INTEGER;

const countOne = `
  INSERT INTO task_counts VALUES (new.task_id, new.state, 1) ON CONFLICT DO UPDATE SET items = items + 1;`;
const discountOne = `
  UPDATE task_counts SET items = items - 1 WHERE task_id = old.task_id AND state = old.state;
  DELETE FROM task_counts WHERE task_id = old.task_id AND state = old.state AND items <= 0;`;

/** The empty provider stands for any. A damaged list of providers must not stop the change or the deletion of its task. */
const providersOf = (row: string): string =>
  `SELECT '' AS provider UNION
   SELECT value FROM json_each(iif(json_valid(${row}.providers), ${row}.providers, '[]')) WHERE type = 'text'`;
const listedAs = `state = old.task_state AND created_at = old.created_at AND task_id = old.id AND provider IN (${providersOf("old")})`;

/** Without INDEXED BY, SQLite reads the whole task to avoid a sort. */
const itemsOfBatch = `(
      SELECT target, ${NOT_SETTLED}, task_id, idx FROM items INDEXED BY items_by_batch WHERE task_id = new.task_id AND batch = new.number)`;

/** The triggers that new files have as well. */
export const derivedTriggers = `
  CREATE TRIGGER item_added AFTER INSERT ON items BEGIN ${countOne}
    INSERT INTO recent_items SELECT new.target, ${NOT_SETTLED}, new.task_id, new.idx WHERE new.batch IS NOT NULL;
  END;
  CREATE TRIGGER item_changed AFTER UPDATE OF state ON items WHEN new.state <> old.state BEGIN ${countOne} ${discountOne}
  END;
  CREATE TRIGGER item_deleted AFTER DELETE ON items BEGIN ${discountOne}
    DELETE FROM recent_items WHERE target = old.target AND task_id = old.task_id AND idx = old.idx AND sent_at IN
      (${NOT_SETTLED}, (SELECT sent_at FROM batches WHERE task_id = old.task_id AND number = old.batch));
  END;
  -- The items of a hidden task count no more, and are deleted in small steps.
  CREATE TRIGGER batch_settled AFTER UPDATE OF state ON batches
  WHEN new.state IN ${SETTLED} AND old.state NOT IN ${SETTLED} AND NOT EXISTS (SELECT 1 FROM deleted_tasks WHERE id = new.task_id) BEGIN
    UPDATE recent_items SET sent_at = new.sent_at WHERE new.sent_at IS NOT NULL AND (target, sent_at, task_id, idx) IN ${itemsOfBatch};
    DELETE FROM recent_items WHERE new.sent_at IS NULL AND (target, sent_at, task_id, idx) IN ${itemsOfBatch};
  END;
  CREATE TRIGGER state_begun AFTER INSERT ON task_counts BEGIN ${deriveStates} WHERE id = new.task_id;
  END;
  CREATE TRIGGER state_over AFTER DELETE ON task_counts BEGIN ${deriveStates} WHERE id = old.task_id;
  END;
  CREATE TRIGGER task_changed AFTER UPDATE OF task_state ON tasks WHEN new.task_state <> old.task_state BEGIN
    UPDATE listing SET state = new.task_state WHERE ${listedAs};
  END;
  CREATE TRIGGER task_deleted AFTER DELETE ON tasks BEGIN
    DELETE FROM listing WHERE ${listedAs};
  END;
`;

/** A later step replaces it. */
const firstTaskAdded = `
  CREATE TRIGGER task_added AFTER INSERT ON tasks BEGIN
    INSERT INTO listing SELECT provider, new.task_state, new.created_at, new.id, new.tenant FROM (${providersOf("new")});
  END;
`;

export const derivedTables = `
  CREATE TABLE task_counts (
    task_id TEXT NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (task_id, state)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO task_counts SELECT task_id, state, count(*) FROM items GROUP BY task_id, state;

  CREATE TABLE task_states (present TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
  ${fillTaskStates}
  -- Earlier versions join tasks with batches and mean the batch by "state".
  ALTER TABLE tasks ADD COLUMN task_state TEXT NOT NULL DEFAULT '${taskState(noCounts())}';
  ${deriveStates};

  CREATE TABLE listing (
    provider TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    PRIMARY KEY (provider, state, created_at, task_id)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO listing SELECT '', task_state, created_at, id, tenant FROM tasks;
  INSERT OR IGNORE INTO listing
    SELECT value, task_state, created_at, tasks.id, tenant FROM tasks, json_each(iif(json_valid(providers), providers, '[]')) WHERE type = 'text';
  CREATE INDEX listing_by_tenant ON listing (tenant, provider, state, created_at, task_id);
  DROP INDEX tasks_by_tenant;
  CREATE INDEX tasks_by_age ON tasks (created_at);

  -- In the order in which a target was sent, so that admission reads what is recent and passes over what is older. The index
  -- items_by_target only serves earlier versions that still run: without it, their admissions would lock the file for hours.
  CREATE TABLE recent_items (
    target TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    idx INTEGER NOT NULL,
    PRIMARY KEY (target, sent_at, task_id, idx)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO recent_items
    SELECT i.target, iif(b.state IN ${SETTLED}, b.sent_at, ${NOT_SETTLED}), i.task_id, i.idx
      FROM batches AS b CROSS JOIN items AS i INDEXED BY items_by_batch ON i.task_id = b.task_id AND i.batch = b.number
     WHERE b.state NOT IN ${SETTLED}
        OR b.sent_at > (SELECT min(max(sent_at), unixepoch() * 1000) FROM batches) - ${RECENT_AT_MIGRATION_MS};

  -- Tasks that callers no longer see, until all of their items and batches are deleted.
  CREATE TABLE deleted_tasks (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE INDEX tenant_ledger_by_day ON tenant_ledger (day);

  ${derivedTriggers}
  ${firstTaskAdded}
`;
