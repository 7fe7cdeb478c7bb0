/**
 * The step to the schema version in which callers find tasks by URL and by problem.
 *
 * | column or index              | holds                                               | serves                           |
 * | ---------------------------- | --------------------------------------------------- | -------------------------------- |
 * | `items.tenant`               | the tenant of the item's task                       | list by URL                      |
 * | `items_by_tenant`            | items by tenant and target, where there are tenants | list by URL, for one tenant      |
 * | `items_by_target` (earlier)  | items by target                                     | list by URL, for every tenant    |
 * | `problem_items`              | the failed, rejected and unknown items of each task | the first problem of a task      |
 * | `listing.had_problems`       | the task has such items                             | list of the tasks with problems  |
 *
 * Triggers keep them right whichever process writes, also one of an earlier version that still runs on the same file.
 */

/** The same states as `problemStates`. A released step never changes, so it spells them out. */
export const PROBLEM_STATES = "('failed', 'rejected', 'unknown')";

/** The rows of `listing` for tasks that `which` selects. The empty provider stands for any. */
const listedTasks = (which: string): string => `
    SELECT '', task_state, created_at, id FROM tasks WHERE ${which}
    UNION SELECT value, task_state, created_at, tasks.id
      FROM tasks, json_each(iif(json_valid(providers), providers, '[]')) WHERE type = 'text' AND tasks.${which}`;

const setProblems = (taskId: string): string => `
    UPDATE listing SET had_problems = EXISTS (SELECT 1 FROM task_counts WHERE task_id = ${taskId} AND state IN ${PROBLEM_STATES})
     WHERE (provider, state, created_at, task_id) IN (${listedTasks(`id = ${taskId}`)});`;

/** The triggers that new files have as well. */
export const findingTriggers = `
  CREATE TRIGGER task_added AFTER INSERT ON tasks BEGIN
    INSERT INTO listing (provider, state, created_at, task_id, tenant)
      SELECT '', new.task_state, new.created_at, new.id, new.tenant
      UNION SELECT value, new.task_state, new.created_at, new.id, new.tenant
        FROM json_each(iif(json_valid(new.providers), new.providers, '[]')) WHERE type = 'text';
  END;
  CREATE TRIGGER item_without_tenant AFTER INSERT ON items
  WHEN new.tenant = '' AND EXISTS (SELECT 1 FROM tasks WHERE id = new.task_id AND tenant <> '') BEGIN
    UPDATE items SET tenant = (SELECT tenant FROM tasks WHERE id = new.task_id) WHERE task_id = new.task_id AND idx = new.idx;
  END;
  CREATE TRIGGER problems_begun AFTER INSERT ON task_counts WHEN new.state IN ${PROBLEM_STATES} BEGIN ${setProblems("new.task_id")}
  END;
  CREATE TRIGGER problems_over AFTER DELETE ON task_counts WHEN old.state IN ${PROBLEM_STATES} BEGIN ${setProblems("old.task_id")}
  END;
`;

export const findingTables = `
  ALTER TABLE items ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
  UPDATE items SET tenant = (SELECT tenant FROM tasks WHERE id = task_id) WHERE task_id IN (SELECT id FROM tasks WHERE tenant <> '');
  -- A server without tenants pays nothing for it.
  CREATE INDEX items_by_tenant ON items (tenant, target) WHERE tenant <> '';
  CREATE INDEX problem_items ON items (task_id, idx) WHERE state IN ${PROBLEM_STATES};

  ALTER TABLE listing ADD COLUMN had_problems INTEGER NOT NULL DEFAULT 0;
  UPDATE listing SET had_problems = 1 WHERE task_id IN (SELECT task_id FROM task_counts WHERE state IN ${PROBLEM_STATES});
  CREATE INDEX problem_listing ON listing (provider, state, created_at, task_id) WHERE had_problems = 1;
  CREATE INDEX problem_listing_by_tenant ON listing (tenant, provider, state, created_at, task_id) WHERE had_problems = 1;

  -- The earlier trigger names no columns, and the table has one more now.
  DROP TRIGGER task_added;
  ${findingTriggers}
`;
