/** The storage thread's side of the messages: carries out what its parent asks for. */

import type { MessagePort } from "node:worker_threads";
import type { NewTask } from "../../prefetch/model/storage.ts";
import type { Item } from "../../prefetch/model/task.ts";
import { realTime } from "../lock-wait.ts";
import type { StoreKind } from "../schema.ts";
import { openSqlite } from "../sqlite.ts";
import { type Reply, type Request, request } from "./messages.ts";
import { type Arguments, type Method, methods, type Result } from "./methods.ts";
import { errorToSend } from "./sent-error.ts";

type Calls = { readonly [Name in Method]: (...args: Arguments<Name>) => Promise<Result<Name>> };
type RequestOf<Kind extends Request["kind"]> = Extract<Request, { kind: Kind }>;

interface Decision {
  readonly items: Item[];
  resolve(plan: { readonly task: NewTask | undefined }): void;
  reject(reason: Error): void;
}

/** Serves until its parent sends `close`. */
export function serve(port: MessagePort, location: string, kind: StoreKind = "real"): void {
  let now = 0;
  // The parent's clock may be any, so each message carries its time.
  const storage = openSqlite(location, { now: () => now }, realTime, kind);
  const calls: Calls = storage;
  const decisions = new Map<number, Decision>();
  const send = (reply: Reply): void => port.postMessage(reply);

  const carryOut = async <Name extends Method>(method: Name, args: readonly unknown[]): Promise<Result<Name>> =>
    calls[method](...methods[method].takes.parse(args));

  const admit = ({ id, queries }: RequestOf<"admit">): Promise<unknown> =>
    storage.admit(queries, (facts) => {
      const { promise, resolve, reject } = Promise.withResolvers<{ readonly task: NewTask | undefined }>();
      decisions.set(id, { items: [], resolve, reject });
      send({ kind: "facts", id, facts });
      return promise;
    });

  const decide = (message: RequestOf<"plan"> | RequestOf<"refuse">): void => {
    const decision = decisions.get(message.id);
    decisions.delete(message.id);
    if (message.kind === "plan") decision?.resolve({ task: message.task && { ...message.task, items: decision.items } });
    // The parent has the error of its decision, and throws that one.
    else decision?.reject(new Error("The decision was refused."));
  };

  const answer = async (id: number, work: () => Promise<unknown>): Promise<void> => {
    try {
      send({ kind: "result", id, value: await work() });
    } catch (error) {
      send({ kind: "error", id, error: errorToSend(error) });
    }
  };

  const close = async ({ id }: RequestOf<"close">): Promise<void> => {
    await answer(id, () => storage.close());
    // Nothing else keeps the thread alive.
    port.close();
  };

  port.on("message", (data: unknown) => {
    const message = request.parse(data);
    if (message.kind === "items") return void decisions.get(message.id)?.items.push(...message.items);
    if (message.kind === "plan" || message.kind === "refuse") return decide(message);
    if (message.kind === "close") return void close(message);
    now = message.now;
    if (message.kind === "admit") return void answer(message.id, async () => void (await admit(message)));
    void answer(message.id, () => carryOut(message.method, message.args));
  });
}
