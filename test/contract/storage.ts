/** The contract that every implementation of `Storage` fulfils. */

import { describe } from "vitest";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { admissionContract } from "../storage/contract/admission.ts";
import { storageBench } from "../storage/contract/bench.ts";
import { changingContract } from "../storage/contract/changing.ts";
import { deferringContract } from "../storage/contract/deferring.ts";
import { endingContract } from "../storage/contract/ending.ts";
import { ledgerContract } from "../storage/contract/ledger.ts";
import { oldWaitsContract } from "../storage/contract/old-waits.ts";
import { ownersContract } from "../storage/contract/owners.ts";
import { rateSlotsContract } from "../storage/contract/rate-slots.ts";
import { readingContract } from "../storage/contract/reading.ts";
import { refreshingContract } from "../storage/contract/refreshing.ts";
import { sendingContract } from "../storage/contract/sending.ts";
import { tenantsContract } from "../storage/contract/tenants.ts";

export function storageContract(name: string, open: () => Storage | Promise<Storage>): void {
  describe(`storage: ${name}`, () => {
    const bench = storageBench(open);
    admissionContract(bench);
    sendingContract(bench);
    changingContract(bench);
    endingContract(bench);
    ledgerContract(bench);
    readingContract(bench);
    rateSlotsContract(bench);
    deferringContract(bench);
    tenantsContract(bench);
    ownersContract(bench);
    oldWaitsContract(bench);
    refreshingContract(bench);
  });
}
