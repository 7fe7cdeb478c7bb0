/** The outcome in a few words, for the head of the page and for screen readers. */

import type { TaskAnswer } from "../answers/task.ts";
import type { Verification } from "../answers/verification.ts";
import type { ViewState } from "../state/view-state.ts";
import type { Format } from "../words/format.ts";
import type { Words } from "../words/words.ts";

export interface Headline {
  readonly text: string;
  /** Selects the colour and the sign beside the text. */
  readonly tone: "busy" | "good" | "mixed" | "bad" | "calm";
}

const tones: Readonly<Record<TaskAnswer["state"], Headline["tone"]>> = {
  planned: "calm",
  queued: "busy",
  running: "busy",
  scheduled: "calm",
  succeeded: "good",
  partial: "mixed",
  failed: "bad",
  cancelled: "calm",
};

export function headlineOf({ phase, input, task, verification, failure }: ViewState, words: Words, format: Format): Headline {
  if (task) return { text: taskHeadline(task, words, format), tone: tones[task.state] };
  if (verification) return verificationHeadline(verification, words, format);
  if (failure !== undefined) return failureHeadline(failure, words);
  if (phase === "alone") return { text: words.phases.alone, tone: "calm" };
  if (phase === "cancelled") return { text: words.phases.cancelled, tone: "calm" };
  if (phase === "waiting") return { text: words.phases.waiting, tone: "busy" };
  const text = input.entries > 0 ? words.phases.sending(format.count(input.entries)) : words.phases.asking;
  return { text: input.taskId === undefined && input.entries === 0 ? words.phases.sending(undefined) : text, tone: "busy" };
}

/** An answer without a person's yes is no failure. The text of an error begins with its code. */
function failureHeadline(failure: string, words: Words): Headline {
  const isUnsent = /^(confirmation_required|declined):/.test(failure);
  return isUnsent ? { text: words.phases.unsent, tone: "calm" } : { text: words.phases.failed, tone: "bad" };
}

/** What has ended, in whichever way; of an ended task, what succeeded. */
function doneOf({ state, counts, total }: Pick<TaskAnswer, "state" | "counts" | "total">): number {
  const open = counts.queued + counts.deferred + counts.processing + counts.planned;
  return ["running", "queued", "scheduled"].includes(state) ? total - open : counts.succeeded;
}

function taskHeadline(task: TaskAnswer, words: Words, format: Format): string {
  return words.headlines[task.state](format.count(doneOf(task)), format.count(task.total));
}

function verificationHeadline({ counts }: Verification, words: Words, format: Format): Headline {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (total === 0) return { text: words.evidence.none, tone: "calm" };
  const tone = counts.warm === total ? "good" : counts.warm + counts["warm-parent-only"] > 0 ? "mixed" : "bad";
  return { text: words.phases.checked(format.count(counts.warm), format.count(total)), tone };
}
