/** Tells other processes of due work and of changes, and hears of theirs, over one connection: LISTEN and NOTIFY of PostgreSQL. */

import type { Client } from "pg";
import { z } from "zod";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Notice, Notices } from "../../prefetch/model/notices.ts";
import { type PostgresStore, shownAddress } from "./address.ts";
import { poolConfig } from "./pool.ts";
import { postgresError } from "./postgres-error.ts";
import { quotedName } from "./schema.ts";

/** Longer: after a cut, processes poll for longer. Shorter: each of them asks a database in trouble more often. */
const AGAIN_MS = 15_000;
/** More hold more memory while the database is slow; what is beyond them is found by polling. */
const MOST_PENDING = 1_000;
/** Longer than a task's id. A longer payload is not ours. */
const notice = z.string().max(200);

export interface PostgresNotices extends Notices {
  /** Connects at the first use. Never waits, and never fails. */
  announce(notice: Notice): void;
  close(): Promise<void>;
}

export interface PostgresNoticesOptions extends PostgresStore {
  readonly clock: Pick<Clock, "sleep">;
  /** Called once each time that processes begin to poll instead. */
  readonly report: (error: unknown, about: string) => void;
}

export function createPostgresNotices({ clock, report, ...store }: PostgresNoticesOptions): PostgresNotices {
  const location = shownAddress(store.address);
  const hearers = new Set<(notice: Notice) => void>();
  const pending = new Set<string>();
  const closing = new AbortController();
  let living: Promise<void> | undefined;
  let listening: Client | undefined;
  let isSending = false;
  let isTold = false;

  const hear = (payload: string | undefined): void => {
    const heard = noticeFrom(notice.safeParse(payload).data);
    if (heard) for (const tell of hearers) tell(heard);
  };

  /** Rejects when the connection ends. */
  const listen = async (): Promise<void> => {
    const { default: pg } = await import("pg");
    const client = new pg.Client(poolConfig(store));
    let reason: Error | undefined;
    client.on("error", (error) => {
      reason ??= error;
    });
    const ended = new Promise<void>((resolve) => void client.once("end", () => resolve()));
    const end = (): void => void client.end().catch(() => undefined);
    closing.signal.addEventListener("abort", end);
    try {
      closing.signal.throwIfAborted();
      await client.connect();
      const own = await backendOf(client);
      client.on("notification", ({ processId, payload }) => {
        if (processId !== own) hear(payload);
      });
      // Every schema is a store, and has a channel of its name.
      await client.query(`LISTEN ${quotedName(store.schema)}`);
      listening = client;
      isTold = false;
      void send();
      await ended;
      throw reason ?? new Error("Connection terminated");
    } finally {
      listening = undefined;
      closing.signal.removeEventListener("abort", end);
      end();
    }
  };

  const fail = (error: unknown): void => {
    pending.clear();
    if (!isTold && !closing.signal.aborted) report(postgresError(error, location), "listening for other processes, which polling replaces");
    isTold = true;
  };

  const live = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await listen().catch(fail);
      await clock.sleep(AGAIN_MS, closing.signal).catch(() => undefined);
    }
  };

  const start = (): void => {
    if (!closing.signal.aborted) living ??= live();
  };

  /** One statement at a time. Equal notices that come meanwhile go out once. */
  const send = async (): Promise<void> => {
    if (isSending) return;
    isSending = true;
    try {
      while (listening && pending.size > 0) {
        const payloads = [...pending];
        pending.clear();
        await listening.query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", [store.schema, payloads]);
      }
    } catch {
      // The connection has ended, which is reported where it is opened again, or the database's queue is full: the others poll.
    } finally {
      isSending = false;
    }
  };

  return {
    listen: (tell) => {
      hearers.add(tell);
      start();
      return () => void hearers.delete(tell);
    },
    announce: (told) => {
      start();
      if (pending.size < MOST_PENDING) pending.add(told.kind === "due" ? "due" : `task ${told.taskId}`);
      void send();
    },
    close: async () => {
      closing.abort();
      // A database that cannot be reached must not hold the process.
      if (listening) await living;
    },
  };
}

/**
 * A pooler in transaction mode passes no notices on, as it gives the connection to another client after each transaction. Poolers give
 * clients a key of their own instead of the database's process id (assumed of all of them; PgBouncer's is random).
 */
async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const told = "processID" in client ? client.processID : undefined;
  const [{ pid } = { pid: undefined }] = rows;
  if (pid !== undefined && pid === told) return pid;
  throw new PrefetchError("store_unavailable", "A connection pooler stands before the database, and passes no notices on.", {
    hint: "Nothing is lost: processes look for work and changes by themselves. Name the database itself in PREFETCH_STORE to be faster.",
  });
}

function noticeFrom(payload: string | undefined): Notice | undefined {
  if (payload === "due") return { kind: "due" };
  return payload?.startsWith("task ") ? { kind: "task", taskId: payload.slice(5) } : undefined;
}
