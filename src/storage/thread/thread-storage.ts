/**
 * Storage in a thread of its own, so that no lock, no slow disk and no large transaction blocks the server. The thread starts at the
 * first use. After it has died, the next use starts another one.
 */

import type { Breathe } from "../../base/breathe.ts";
import type { Clock } from "../../base/clock.ts";
import type { AccountFacts, AccountQuery, NewTask, Storage } from "../../prefetch/model/storage.ts";
import type { StoreKind } from "../schema.ts";
import { closedError, unusable } from "../storage-error.ts";
import { type Arguments, type Method, methods, type Result } from "./methods.ts";
import { type Decide, startWorker, type Thread, type WorkerLike, watchThread } from "./thread.ts";

export interface ThreadStorageOptions {
  /** A file path, or `:memory:`. */
  readonly location: string;
  /** The kind of the file. Default: "real". */
  readonly kind?: StoreKind;
  readonly clock: Pick<Clock, "now">;
  readonly breathe: Breathe;
  /** Told of a death of the thread that no call learns of. */
  readonly report: (error: unknown, about: string) => void;
  readonly start?: (location: string, kind?: StoreKind) => WorkerLike;
}

export function openThreadStorage(options: ThreadStorageOptions): Storage {
  const { location, kind = "real", clock, breathe, report, start = startWorker } = options;
  let thread: Thread | undefined;
  let closing: Promise<void> | undefined;
  let hasLostMemory = false;

  const onEnd = (cause: unknown, isIdle: boolean): Error => {
    thread = undefined;
    hasLostMemory = location === ":memory:";
    const error = unusable(location, `its thread ended${cause instanceof Error ? ` (${cause.message})` : ""}`, {
      retryable: !hasLostMemory,
      cause,
    });
    if (isIdle && !closing) report(error, "the storage thread");
    return error;
  };

  const live = (): Thread => {
    if (closing) throw closedError(location);
    // A new thread would begin with an empty ledger, and spend the day's quota again.
    if (hasLostMemory) throw unusable(location, "its thread ended, and with it all that it held. Restart the server");
    thread ??= watchThread(start(location, kind), breathe, onEnd);
    return thread;
  };

  const call = async <Name extends Method>(method: Name, args: Arguments<Name>): Promise<Result<Name>> => {
    const value = await live().ask((id) => ({ kind: "call", id, now: clock.now(), method, args }));
    return methods[method].returns.parse(value);
  };

  const admit = async <Plan extends { readonly task: NewTask | undefined }>(
    queries: readonly AccountQuery[],
    decide: (facts: readonly AccountFacts[]) => Plan | Promise<Plan>,
  ): Promise<Plan> => {
    let plan: Plan | undefined;
    let refusal: { readonly reason: unknown } | undefined;
    const planned: Decide = async (facts) => {
      try {
        plan = await decide(facts);
        return plan;
      } catch (reason) {
        refusal = { reason };
        return undefined;
      }
    };
    try {
      await live().ask((id) => ({ kind: "admit", id, now: clock.now(), queries }), planned);
    } catch (error) {
      throw refusal ? refusal.reason : error;
    }
    if (!plan) throw new Error("The storage thread admitted a task without a decision.");
    return plan;
  };

  const close = async (): Promise<void> => {
    if (!thread) return;
    const { ended, ask } = thread;
    await ask((id) => ({ kind: "close", id }));
    await ended;
  };

  return {
    admit,
    facts: (...args) => call("facts", args),
    task: (...args) => call("task", args),
    tasks: (...args) => call("tasks", args),
    items: (...args) => call("items", args),
    known: (...args) => call("known", args),
    following: (...args) => call("following", args),
    claim: (...args) => call("claim", args),
    startSending: (...args) => call("startSending", args),
    nextDue: (...args) => call("nextDue", args),
    dueAccounts: (...args) => call("dueAccounts", args),
    holders: (...args) => call("holders", args),
    beat: (...args) => call("beat", args),
    change: (...args) => call("change", args),
    noteSignal: (...args) => call("noteSignal", args),
    isCancelled: (...args) => call("isCancelled", args),
    endOldWaits: (...args) => call("endOldWaits", args),
    cancel: (...args) => call("cancel", args),
    clean: (...args) => call("clean", args),
    ledger: (...args) => call("ledger", args),
    spentBy: (...args) => call("spentBy", args),
    census: (...args) => call("census", args),
    backlog: (...args) => call("backlog", args),
    reserveSlot: (...args) => call("reserveSlot", args),
    isReservedBeyond: (...args) => call("isReservedBeyond", args),
    pauseSlots: (...args) => call("pauseSlots", args),
    check: (...args) => call("check", args),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
