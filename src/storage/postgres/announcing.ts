/** Announces what a storage has stored, so that other processes need not look for it. */

import type { Notice } from "../../prefetch/model/notices.ts";
import type { Storage } from "../../prefetch/model/storage.ts";

/** Work that another process may send at once. */
const makesDue: readonly string[] = ["requeue", "advance", "divide"];

export function announcing(storage: Storage, announce: (notice: Notice) => void): Storage {
  return {
    ...storage,
    admit: async (queries, decide) => {
      const planned = await storage.admit(queries, decide);
      if (planned.task) announce({ kind: "due" });
      return planned;
    },
    change: async (batch, change) => {
      const isChanged = await storage.change(batch, change);
      announce({ kind: "task", taskId: batch.taskId });
      if (isChanged && makesDue.includes(change.kind)) announce({ kind: "due" });
      return isChanged;
    },
    cancel: async (taskId) => {
      const freed = await storage.cancel(taskId);
      announce({ kind: "task", taskId });
      return freed;
    },
  };
}
