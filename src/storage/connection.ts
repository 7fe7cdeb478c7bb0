/** The connection to the database. It opens at the first use, so that a server that only lists its tools touches no file. */

import type { LockTime } from "./lock-wait.ts";
import type { OpenDatabase } from "./open-database.ts";
import type { StoreKind } from "./schema.ts";
import { closedError } from "./storage-error.ts";

export interface Connection {
  open(): Promise<OpenDatabase>;
  close(): Promise<void>;
}

export function createConnection(location: string, time: LockTime, kind: StoreKind = "real"): Connection {
  let opening: Promise<OpenDatabase> | undefined;
  let isClosed = false;

  const open = async (): Promise<OpenDatabase> => {
    try {
      // A static import would load SQLite, and print Node's warning about it, at every start.
      const { openDatabase } = await import("./open-database.ts");
      return await openDatabase(location, time, kind);
    } catch (error) {
      // The next use tries again: the disk may have room by then.
      opening = undefined;
      throw error;
    }
  };

  return {
    open: () => {
      if (isClosed) return Promise.reject(closedError(location));
      opening ??= open();
      return opening;
    },
    close: async () => {
      isClosed = true;
      // The call that opens the database reports a failure to open it.
      const opened = await opening?.catch(() => undefined);
      opened?.close();
    },
  };
}
