/** The error of a call that is so large that a person must agree to it first. Nothing was sent. */

import { PrefetchError } from "../../base/errors.ts";

export interface Question {
  /** What will be sent, what it costs, and why the server asks, for the person who decides. */
  readonly text: string;
  /** Identifies the plan. The person's answer counts for the plan with this digest only. */
  readonly digest: string;
}

export class ConfirmationNeeded extends PrefetchError {
  readonly question: Question;

  constructor(reason: string, question: Question) {
    super("confirmation_required", reason, {
      hint: `Nothing was sent. Ask the user: "${question.text}" If they agree, call again with the same arguments and confirm true.`,
    });
    this.question = question;
  }
}
