/** The texts of the view. Each language has a file with all of them. Numbers and times arrive as texts. */

import type { ItemState, TaskState } from "../answers/task.ts";
import type { Warmth } from "../answers/verification.ts";

export interface Words {
  readonly title: string;
  readonly headlines: Readonly<Record<TaskState, (done: string, total: string) => string>>;
  readonly states: Readonly<Record<ItemState, string>>;
  readonly warmths: Readonly<Record<Warmth, string>>;
  readonly phases: {
    readonly waiting: string;
    readonly sending: (entries: string | undefined) => string;
    readonly asking: string;
    readonly cancelled: string;
    readonly failed: string;
    /** The call waits for the user's word, or the user declined. */
    readonly unsent: string;
    /** The page is open in no app. */
    readonly alone: string;
    readonly checked: (warm: string, total: string) => string;
  };
  /** The bar of the progress, such as "10 of 14 done". */
  readonly progress: (done: string, total: string) => string;
  /** The label of the sentences that the server says to the agent. */
  readonly nextStep: string;
  readonly showAll: string;
  readonly showLess: string;
  readonly error: string;
  /** The host lets the view call no tools. */
  readonly asItCame: string;
  readonly updated: (time: string) => string;
  readonly tabs: {
    readonly label: string;
    readonly urls: string;
    readonly quota: string;
    readonly evidence: string;
    readonly details: string;
  };
  readonly actions: {
    readonly label: string;
    readonly ask: string;
    readonly asking: string;
    readonly verify: string;
    readonly verifying: string;
    readonly verifyMore: string;
    readonly copy: (count: string) => string;
    readonly copied: (count: string) => string;
    readonly copyByHand: string;
    readonly close: string;
    readonly cancel: string;
    readonly cancelQuestion: (count: string) => string;
    readonly cancelConfirm: string;
    readonly cancelKeep: string;
  };
  readonly table: {
    readonly label: string;
    readonly url: string;
    readonly state: string;
    readonly reason: string;
    readonly provider: string;
    readonly code: string;
    readonly sentAs: string;
    readonly due: (time: string) => string;
    readonly filter: string;
    readonly filterHint: string;
    readonly stateFilter: string;
    readonly everyState: string;
    readonly shown: (shown: string, total: string) => string;
    readonly loading: (loaded: string, total: string) => string;
    readonly problemsOnly: string;
    readonly none: string;
    readonly noMatch: string;
    readonly rowDetails: string;
  };
  readonly quota: {
    readonly used: (used: string, limit: string) => string;
    readonly left: (left: string) => string;
    readonly noLimit: (used: string) => string;
    readonly resets: (time: string, distance: string) => string;
    readonly ledger: string;
    readonly vendor: string;
    readonly none: string;
    readonly waits: (count: string, time: string, distance: string) => string;
    readonly waitsSpan: (count: string, from: string, until: string) => string;
    readonly schedule: string;
  };
  readonly evidence: {
    readonly none: string;
    readonly noneYet: string;
    readonly show: string;
    readonly change: string;
    readonly age: (time: string) => string;
    readonly lives: (time: string) => string;
    readonly status: string;
  };
  readonly facts: {
    readonly cost: string;
    readonly fits: string;
    readonly fitsNot: string;
    readonly leftAfter: (left: string) => string;
    readonly batches: string;
    readonly bytes: string;
    readonly duplicates: string;
    readonly recent: string;
    readonly sources: string;
    readonly source: (urls: string) => string;
    readonly leftOut: (count: string) => string;
    readonly live: string;
    readonly known: string;
    readonly task: string;
  };
}
