/** The rows of a verification in few characters: each kind of row once in full, and every URL that is not warm. Pure. */

import type { VerifyRow } from "../prefetch/calls/verify.ts";

/** A row of the same kind as the row at the index `like` of the summary. */
export interface LikeRow extends Pick<VerifyRow, "url" | "sentAs" | "state" | "edge" | "variant"> {
  readonly like: number;
}

export type SummaryRow = VerifyRow | LikeRow;

export function summaryRows(rows: readonly VerifyRow[]): SummaryRow[] {
  const examples = new Map<string, number>();
  const shown: SummaryRow[] = [];
  for (const row of rows) {
    const kind = kindOf(row);
    const like = examples.get(kind);
    if (like === undefined) {
      examples.set(kind, shown.length);
      shown.push(row);
    } else if (row.state !== "warm") {
      const { url, sentAs, state, edge, variant } = row;
      shown.push({
        url,
        ...(sentAs !== undefined && { sentAs }),
        state,
        ...(edge !== undefined && { edge }),
        ...(variant !== undefined && { variant }),
        like,
      });
    }
  }
  return shown;
}

/** Rows of one kind have the same cause and the same remedy. */
function kindOf({ state, obstacles, status, reason, cdn, layer }: VerifyRow): string {
  // A row without an answer has its cause in the reason alone.
  return JSON.stringify([state, obstacles.map(({ code }) => code), status ?? reason, cdn?.id, layer]);
}
