/** The rows of a verification in few characters: each kind of row once in full, and every URL that is not warm. Pure. */

import type { Verification } from "../prefetch/model/edge.ts";

/** A row of the same kind as the row at the index `like` of the summary. */
export interface LikeRow extends Pick<Verification, "url" | "state" | "edge" | "variant"> {
  readonly like: number;
}

export type SummaryRow = Verification | LikeRow;

export function summaryRows(rows: readonly Verification[]): SummaryRow[] {
  const examples = new Map<string, number>();
  const shown: SummaryRow[] = [];
  for (const row of rows) {
    const kind = kindOf(row);
    const like = examples.get(kind);
    if (like === undefined) {
      examples.set(kind, shown.length);
      shown.push(row);
    } else if (row.state !== "warm") {
      const { url, state, edge, variant } = row;
      shown.push({ url, state, ...(edge !== undefined && { edge }), ...(variant !== undefined && { variant }), like });
    }
  }
  return shown;
}

/** Rows of one kind have the same cause and the same remedy. */
function kindOf({ state, obstacles, status, reason, cdn, layer }: Verification): string {
  // A row without an answer has its cause in the reason alone.
  return JSON.stringify([state, obstacles.map(({ code }) => code), status ?? reason, cdn?.id, layer]);
}
