/** What the processes on one store tell each other at once. A notice may be lost: whatever waits for one also looks by itself. */

export type Notice = { readonly kind: "due" } | { readonly kind: "task"; readonly taskId: string };

export interface Notices {
  /** Calls `hear` for each notice of another process, until the returned function is called. */
  listen(hear: (notice: Notice) => void): () => void;
}

/** Those of a store whose processes tell each other nothing. */
export const noNotices: Notices = { listen: () => () => undefined };
