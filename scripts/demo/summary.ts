/** The table at the end of the demo. */

import type { Ran } from "./stage.ts";

const columns = ["job", "provider", "URLs", "succeeded", "held by CDN", "reasons", "seconds"] as const;

/** One line for each job. `reasons`: URLs that are not warm, each of which got one. A dash: the edge was not asked. */
export function summaryLines(rows: readonly { readonly name: string; readonly ran: Ran }[]): string[] {
  const cells = [columns, ...rows.map(({ name, ran }) => cellsOf(name, ran))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const [head = "", ...lines] = cells.map((row) =>
    row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  "),
  );
  return [head, "─".repeat(head.length), ...lines];
}

function cellsOf(name: string, { task, held, seconds }: Ran): string[] {
  const { total = 0, succeeded = 0 } = task?.counts ?? {};
  return [
    name,
    providersOf(task?.providers ?? []),
    String(total),
    String(succeeded),
    held === undefined ? "-" : String(held),
    String(held === undefined ? (task?.problems.length ?? 0) : total - held),
    seconds.toFixed(1),
  ];
}

/** More names make the lines too long for a terminal of 100 columns. */
function providersOf(ids: readonly string[]): string {
  return ids.length > 2 ? `${ids.length} providers` : ids.join(", ");
}
