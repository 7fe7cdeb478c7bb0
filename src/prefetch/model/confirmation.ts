/** A call that is so large that a person must agree to it first. */

import { PrefetchError } from "../../base/errors.ts";

export interface Question {
  /** What will be sent, what it costs, and why the server asks, for the person who decides. */
  readonly text: string;
  /** Identifies the plan. The person's answer counts for the plan with this digest only. */
  readonly digest: string;
}

/** A person's yes. */
export interface Agreement {
  /** Digest of the plan that the question was about. */
  readonly digest: string;
  /** Id of the answer. It lets one task through. */
  readonly answer: string;
}

/** Nothing was sent. */
export class ConfirmationNeeded extends PrefetchError {
  readonly question: Question;

  constructor(question: Question) {
    super("confirmation_required", "The call needs the user's word", {
      hint: `Nothing was sent. Ask the user: "${question.text}" If they agree, call again with the same arguments and confirm true.`,
    });
    this.question = question;
  }
}

export function usedAnswer(): PrefetchError {
  return new PrefetchError("confirmation_required", "This answer of the user let a task through already, and counts for one", {
    hint: "Nothing more was sent. list_prefetch_tasks shows the task; call again without the old answer to ask anew.",
  });
}
