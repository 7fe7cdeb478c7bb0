/** JSON-RPC 2.0 over `postMessage`, as the view of MCP Apps speaks it with its host. */

import { type Fields, fieldsOf, textOf } from "../answers/read.ts";

export interface RpcOptions {
  readonly post: (message: object) => void;
  readonly onNotification: (method: string, params: Fields) => void;
  /** The result of a request of the host; `undefined` for a method that the view does not know. */
  readonly onRequest: (method: string) => Fields | undefined;
}

export interface Rpc {
  call(method: string, params: object, timeoutMs: number): Promise<unknown>;
  notify(method: string, params: object): void;
  /** Takes a message that came from the host. */
  receive(message: unknown): void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const METHOD_NOT_FOUND = -32_601;

export function createRpc({ post, onNotification, onRequest }: RpcOptions): Rpc {
  const waiting = new Map<number, Waiting>();
  let last = 0;

  const settle = (id: number, settleOne: (call: Waiting) => void): void => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (call) settleOne(call);
  };
  const answer = (id: string | number, method: string): void => {
    const result = onRequest(method);
    const error = { code: METHOD_NOT_FOUND, message: `unknown method ${method}` };
    post({ jsonrpc: "2.0", id, ...(result ? { result } : { error }) });
  };

  return {
    call: (method, params, timeoutMs) =>
      new Promise((resolve, reject) => {
        last += 1;
        const id = last;
        const timer = setTimeout(() => settle(id, (call) => call.reject(new Error("The host gave no answer."))), timeoutMs);
        const done = () => clearTimeout(timer);
        waiting.set(id, {
          resolve: (result) => {
            done();
            resolve(result);
          },
          reject: (error) => {
            done();
            reject(error);
          },
        });
        post({ jsonrpc: "2.0", id, method, params });
      }),
    notify: (method, params) => post({ jsonrpc: "2.0", method, params }),
    receive: (message) => {
      const { jsonrpc, id, method, params, result, error } = fieldsOf(message);
      if (jsonrpc !== "2.0") return;
      if (typeof method === "string") {
        if (typeof id === "string" || typeof id === "number") answer(id, method);
        else onNotification(method, fieldsOf(params));
      } else if (typeof id === "number") {
        const failure = textOf(fieldsOf(error).message) ?? "The host refused the call.";
        settle(id, (call) => (error === undefined ? call.resolve(result) : call.reject(new Error(failure))));
      }
    },
  };
}
