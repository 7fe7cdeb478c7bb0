/** The answer to a dry run. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import type { Admission } from "../admission/admit.ts";
import type { NewTask } from "../model/storage.ts";
import { countItems } from "../model/task.ts";
import { rowsOf, SUMMARY_ROWS, type TaskView } from "./view.ts";

export function dryRunView({ task, batches, items }: NewTask, admission: Admission, quota: TaskView["quota"]): TaskView {
  return {
    provider: task.providers.join(", "),
    state: "planned",
    counts: countItems(items),
    batches: batches.length,
    cost: admission.cost,
    dryRun: true,
    duplicatesRemoved: task.duplicatesRemoved,
    skippedRecent: task.skippedRecent,
    problems: items
      .filter((item) => item.state === "rejected")
      .slice(0, SUMMARY_ROWS)
      .flatMap(rowsOf),
    quota,
    nextStep:
      batches.length === 0
        ? "Nothing would be sent: all of it was sent in the last 10 minutes. Use force true to send it again."
        : `Nothing was sent. ${schedule(admission)}Call again without dry_run to spend this.`,
  };
}

function schedule({ send, deferred }: Admission): string {
  const begins = deferred.map(({ to }) => to.begins).sort((a, b) => a - b);
  const [first, last] = [begins[0], begins.at(-1)];
  if (first === undefined || last === undefined) return "";
  const when = first === last ? `at ${isoTime(first)}` : `from ${isoTime(first)} to ${isoTime(last)}`;
  return `${send.length} would be sent today and ${deferred.length} later, as the quota comes back ${when}. `;
}
