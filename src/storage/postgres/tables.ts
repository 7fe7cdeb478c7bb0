/**
 * The tables of a new schema: those of SQLite's store, the functions that SQLite has built in and the statements use, and triggers
 * that derive the same tables. The triggers run once for each statement, whatever the number of its rows.
 */

import { PROBLEM_STATES } from "../finding-tables.ts";
import { sharedTables } from "../tables.ts";
import { translateTables } from "./translate.ts";

const functions = `
  CREATE FUNCTION max(one BIGINT, other BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE AS 'SELECT greatest(one, other)';
  CREATE FUNCTION min(one BIGINT, other BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE AS 'SELECT least(one, other)';
  CREATE FUNCTION json_each(list TEXT) RETURNS TABLE (value TEXT) LANGUAGE sql IMMUTABLE
    AS 'SELECT json_array_elements_text(list::json) COLLATE "C"';
`;

/** SQLite's indexes hold the primary key as well. */
const indexes = `
  DROP INDEX items_by_target, items_by_tenant;
  CREATE INDEX items_by_target ON items (target, task_id, idx);
  CREATE INDEX items_by_tenant ON items (tenant, target, task_id, idx) WHERE tenant <> '';
`;

/** One row for all tasks would make every transaction wait for every other one, so the census is counted when it is read. */
const census = `
  CREATE VIEW census AS SELECT state, sum(items) AS items FROM task_counts GROUP BY state;
`;

/** The same meaning as in `derived-tables.ts`. */
const SETTLED = "('sent', 'ended')";
const NOT_SETTLED = Number.MAX_SAFE_INTEGER;

/** Counts items of `changed (task_id, state, items)`, and brings the states of their tasks up to date. */
const countItems = (changed: string): string => `
    -- A task's state follows from all of its items, so one transaction at a time changes them.
    PERFORM 1 FROM tasks WHERE id IN (SELECT task_id FROM ${changed} AS changed) ORDER BY id FOR UPDATE;
    INSERT INTO task_counts
      SELECT task_id, state, sum(items) FROM ${changed} AS changed GROUP BY task_id, state HAVING sum(items) <> 0 ORDER BY task_id, state
      ON CONFLICT (task_id, state) DO UPDATE SET items = task_counts.items + excluded.items;
    DELETE FROM task_counts WHERE items <= 0 AND task_id IN (SELECT task_id FROM ${changed} AS changed);
    PERFORM derive_state(id) FROM (SELECT DISTINCT task_id AS id FROM ${changed} AS changed) AS ids;`;

const onItems = (event: string, changed: string, tables: string, more = ""): string => `
  CREATE FUNCTION items_${event}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${countItems(changed)} ${more}
    RETURN NULL;
  END $$;
  CREATE TRIGGER items_${event} AFTER ${event} ON items REFERENCING ${tables} FOR EACH STATEMENT EXECUTE FUNCTION items_${event}();
`;

const triggers = `
  CREATE FUNCTION providers_of(providers TEXT) RETURNS TABLE (provider TEXT) LANGUAGE sql IMMUTABLE
    AS $$ SELECT '' UNION SELECT value FROM json_each(providers) $$;

  CREATE FUNCTION derive_state(task TEXT) RETURNS void LANGUAGE plpgsql AS $$
  DECLARE
    stored tasks%ROWTYPE;
    derived TEXT;
  BEGIN
    SELECT * INTO stored FROM tasks WHERE id = task;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT state INTO derived FROM task_states WHERE present =
      (SELECT string_agg(task_counts.state, ',' ORDER BY task_counts.state) FROM task_counts WHERE task_id = task);
    derived := coalesce(derived, stored.task_state);
    UPDATE listing SET state = derived, had_problems = flags.problems
      FROM (SELECT EXISTS (SELECT 1 FROM task_counts WHERE task_id = task AND state IN ${PROBLEM_STATES})::int AS problems) AS flags
     WHERE provider IN (SELECT provider FROM providers_of(stored.providers)) AND listing.state = stored.task_state
       AND created_at = stored.created_at AND task_id = task AND (listing.state <> derived OR had_problems <> flags.problems);
    IF derived <> stored.task_state THEN
      UPDATE tasks SET task_state = derived WHERE id = task;
    END IF;
  END $$;

  ${onItems(
    "insert",
    "(SELECT task_id, state, 1 AS items FROM added)",
    "NEW TABLE AS added",
    `INSERT INTO recent_items SELECT target, ${NOT_SETTLED}, task_id, idx FROM added WHERE batch IS NOT NULL;`,
  )}
  ${onItems(
    "update",
    "(SELECT task_id, state, 1 AS items FROM after UNION ALL SELECT task_id, state, -1 FROM before)",
    "OLD TABLE AS before NEW TABLE AS after",
  )}
  ${onItems(
    "delete",
    "(SELECT task_id, state, -1 AS items FROM removed)",
    "OLD TABLE AS removed",
    `DELETE FROM recent_items AS r USING removed LEFT JOIN batches ON batches.task_id = removed.task_id AND batches.number = removed.batch
      WHERE r.target = removed.target AND r.task_id = removed.task_id AND r.idx = removed.idx AND r.sent_at IN (${NOT_SETTLED}, batches.sent_at);`,
  )}

  CREATE FUNCTION batches_settled() RETURNS trigger LANGUAGE plpgsql AS $$
  DECLARE
    settled RECORD;
  BEGIN
    FOR settled IN
      SELECT after.task_id, after.number, after.sent_at FROM after JOIN before USING (task_id, number)
       WHERE after.state IN ${SETTLED} AND before.state NOT IN ${SETTLED}
         -- The items of a hidden task count no more, and are deleted in small steps.
         AND NOT EXISTS (SELECT 1 FROM deleted_tasks WHERE id = after.task_id)
    LOOP
      DELETE FROM recent_items AS r USING items AS i
       WHERE i.task_id = settled.task_id AND i.batch = settled.number
         AND r.target = i.target AND r.sent_at = ${NOT_SETTLED} AND r.task_id = i.task_id AND r.idx = i.idx;
      INSERT INTO recent_items SELECT target, settled.sent_at, task_id, idx FROM items
       WHERE settled.sent_at IS NOT NULL AND task_id = settled.task_id AND batch = settled.number;
    END LOOP;
    RETURN NULL;
  END $$;
  CREATE TRIGGER batches_settled AFTER UPDATE ON batches REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION batches_settled();

  CREATE FUNCTION task_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO listing (provider, state, created_at, task_id, tenant)
      SELECT provider, new.task_state, new.created_at, new.id, new.tenant FROM providers_of(new.providers);
    RETURN NULL;
  END $$;
  CREATE TRIGGER task_added AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION task_added();

  CREATE FUNCTION task_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM listing WHERE provider IN (SELECT provider FROM providers_of(old.providers)) AND state = old.task_state
      AND created_at = old.created_at AND task_id = old.id;
    RETURN NULL;
  END $$;
  CREATE TRIGGER task_deleted AFTER DELETE ON tasks FOR EACH ROW EXECUTE FUNCTION task_deleted();
`;

/** A released step never changes. `tables.ts` holds the tables that all steps lead to. */
export const newTables = `${translateTables(sharedTables)} ${indexes} ${functions} ${census} ${triggers}`;
