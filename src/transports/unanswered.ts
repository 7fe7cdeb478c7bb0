/** Counts the requests of a connection that have no answer yet, and the memory that they take. */

import { isJSONRPCNotification, isJSONRPCRequest, type JSONRPCMessage } from "@modelcontextprotocol/server";

export interface Unanswered {
  noteReceived(message: JSONRPCMessage, cost: number): void;
  noteSent(message: JSONRPCMessage): void;
  count(): number;
  /** Bytes of memory. */
  cost(): number;
}

export function createUnanswered(): Unanswered {
  /** Costs of the requests of each id. A host may wrongly use an id twice. */
  const requests = new Map<unknown, number[]>();
  let count = 0;
  let total = 0;

  const remove = (costs: readonly number[]): void => {
    count -= costs.length;
    for (const cost of costs) total -= cost;
  };
  const add = (id: unknown, cost: number): void => {
    requests.set(id, [...(requests.get(id) ?? []), cost]);
    count += 1;
    total += cost;
  };
  /** A cancelled request gets no answer. */
  const forget = (id: unknown): void => {
    remove(requests.get(id) ?? []);
    requests.delete(id);
  };

  return {
    noteReceived: (message, cost) => {
      if (isJSONRPCRequest(message)) add(message.id, cost);
      else if (isJSONRPCNotification(message) && message.method === "notifications/cancelled") forget(message.params?.requestId);
    },
    noteSent: (message) => {
      if (!("id" in message) || "method" in message) return;
      const costs = requests.get(message.id) ?? [];
      remove(costs.splice(0, 1));
      if (costs.length === 0) requests.delete(message.id);
    },
    count: () => count,
    cost: () => total,
  };
}
