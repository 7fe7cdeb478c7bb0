import type { Storage } from "../prefetch/model/storage.ts";

/** A store that is opened at its first use, so that a server which is only asked for its tools touches no file. */
export function lazyStorage(open: () => Promise<Storage>): Storage {
  let opened: Promise<Storage> | undefined;
  const storage = (): Promise<Storage> => {
    if (!opened) {
      const opening = open();
      opened = opening;
      // A store that could not be opened is tried again at the next use: the disk may have room by then.
      opening.catch(() => {
        opened = undefined;
      });
    }
    return opened;
  };
  return {
    admit: async (query, decide) => (await storage()).admit(query, decide),
    facts: async (query) => (await storage()).facts(query),
    task: async (taskId) => (await storage()).task(taskId),
    tasks: async (query) => (await storage()).tasks(query),
    items: async (taskId, query) => (await storage()).items(taskId, query),
    following: async (taskId) => (await storage()).following(taskId),
    claim: async (account, now, leaseUntil, except) => (await storage()).claim(account, now, leaseUntil, except),
    startSending: async (batch, start) => (await storage()).startSending(batch, start),
    nextDue: async (account, now) => (await storage()).nextDue(account, now),
    change: async (batch, change) => (await storage()).change(batch, change),
    noteSignal: async (account, reach) => (await storage()).noteSignal(account, reach),
    isCancelled: async (taskId) => (await storage()).isCancelled(taskId),
    cancel: async (taskId) => (await storage()).cancel(taskId),
    clean: async (before, most) => (await storage()).clean(before, most),
    ledger: async (account, day) => (await storage()).ledger(account, day),
    spentBy: async (tenant, account, day) => (await storage()).spentBy(tenant, account, day),
    census: async () => (await storage()).census(),
    backlog: async () => (await storage()).backlog(),
    reserveSlot: async (account, intervalMs, burst, now) => (await storage()).reserveSlot(account, intervalMs, burst, now),
    pauseSlots: async (account, until) => (await storage()).pauseSlots(account, until),
    close: async () => {
      if (opened) await (await opened).close();
    },
  };
}
