/** Reconciliation: the change to a batch whose answer was lost in flight, from the vendor's records. Pure. */

import { asPrefetchError, explain, PrefetchError } from "../../base/errors.ts";
import type { BatchChange } from "../model/batch-change.ts";
import { matchUrls } from "../model/match-urls.ts";
import type { Reconciliation } from "../model/provider.ts";
import type { Claim } from "../model/storage.ts";
import { acceptedItem, awaitReconciliation, failed, lost } from "./outcome.ts";
import type { RetryPolicy } from "./retry.ts";

/** The vendor lists a submit within minutes; records that are still silent after this stay silent. */
const LONGEST_SILENCE_MS = 300_000;
/** The records outlast an outage, so the lookup waits for the vendor to come back, but not for days. */
const LONGEST_OUTAGE_MS = 6 * 3_600_000;

/** The vendor's records answered. */
export function reconciled(work: Claim, found: Reconciliation, now: number, policy: RetryPolicy): BatchChange {
  switch (found.state) {
    case "found":
      return carriedOut(work, found);
    case "absent": {
      const why = "The answer was lost, and by the vendor's records the request was not carried out";
      return failed(work, new PrefetchError("timeout", why, { retryable: true }), now, policy);
    }
    case "unclear":
      return elapsedMs(work, now) > LONGEST_SILENCE_MS
        ? lost(work, "The answer was lost, and the vendor's records do not say whether it was carried out.")
        : awaitReconciliation(work, "The answer was lost.", now, policy.listedWithinMs);
  }
}

/** The vendor's records could not be read. */
export function unreconciled(work: Claim, error: unknown, now: number): BatchChange {
  const known = asPrefetchError(error);
  if (known.retryable && elapsedMs(work, now) <= LONGEST_OUTAGE_MS) {
    return awaitReconciliation(work, `The answer was lost. ${explain(known)}`, now);
  }
  return lost(work, `The answer was lost, and the vendor's records cannot be read. ${explain(known)}`);
}

function carriedOut({ batch, items }: Claim, { vendorTaskIds, urls }: Extract<Reconciliation, { state: "found" }>): BatchChange {
  const listed = new Set((batch.kind === "asset" ? items : urls.flatMap(matchUrls(items))).map((item) => item.index));
  const followed = vendorTaskIds.length > 0 && listed.size > 0;
  const reason = "The answer was lost, and the vendor's records name other URLs of this request, but not this one.";
  return {
    kind: "accept",
    followed,
    vendorTaskIds,
    items: items.map((item) =>
      listed.has(item.index) ? acceptedItem(item, followed) : { index: item.index, state: "unknown", code: "timeout", reason },
    ),
    refund: 0,
  };
}

function elapsedMs({ batch }: Claim, now: number): number {
  return now - (batch.sentAt ?? now);
}
