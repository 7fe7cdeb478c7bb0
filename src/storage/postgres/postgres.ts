/** Storage in one schema of a PostgreSQL database, which any number of processes on any number of machines share. */

import type { ClientConfig, PoolClient } from "pg";
import pg from "pg";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Storage } from "../../prefetch/model/storage.ts";
import type { StoreKind } from "../schema.ts";
import { createSteps } from "../steps.ts";
import { createStorage, type Work } from "../storage.ts";
import { postgresError } from "./postgres-error.ts";
import { createPostgresSql } from "./postgres-sql.ts";
import { migrate } from "./schema.ts";
import { numberTypes } from "./types.ts";

export interface PostgresOptions {
  readonly client: ClientConfig;
  /** Names the database in errors, without a password. */
  readonly location: string;
  readonly schema: string;
  readonly kind?: StoreKind;
  readonly clock: Pick<Clock, "now">;
  /** Most connections at once. Further uses wait for a free one. */
  readonly poolSize: number;
}

/** How long a call waits for a free connection, and for a new one. Longer: callers learn late that the database is down. */
const CONNECT_MS = 5_000;
/** The server ends statements itself, unless it cannot be reached any more. */
const ANSWER_MS = 35_000;
/** A shorter time opens connections again and again; a longer one holds connections that others could use. */
const IDLE_MS = 10_000;
/**
 * What each transaction may take. `lock_timeout`: as long as a call waits for SQLite's lock. `statement_timeout`: longer than an
 * admission of 10,000 URLs takes on a slow database. `idle_in_transaction_session_timeout`: a process that is stopped in the middle
 * of a transaction holds its locks for so long; an admission may think for so long before it stores its task.
 */
const LIMITS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '30s'; SET LOCAL idle_in_transaction_session_timeout = '10s'";

/** Connects at the first use. A use after a failed one tries again. */
export function openPostgres({ client, location, schema, kind = "real", clock, poolSize }: PostgresOptions): Storage {
  const pool = new pg.Pool({
    ...client,
    types: numberTypes,
    max: poolSize,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    query_timeout: ANSWER_MS,
    allowExitOnIdle: true,
    keepAlive: true,
  });
  // An idle connection that breaks: the next use opens another one.
  pool.on("error", () => undefined);
  // A pooler between this process and the database may change the session from one transaction to the next.
  const settings = `SET LOCAL search_path TO ${pg.escapeIdentifier(schema)}; ${LIMITS}`;
  let migrated: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  const withClient = async <Result>(use: (client: PoolClient) => Promise<Result>): Promise<Result> => {
    if (closing) {
      throw new PrefetchError("store_unavailable", `The store ${location} cannot be used: the server has closed it.`, {
        hint: "Start the server again.",
      });
    }
    const connected = await pool.connect();
    try {
      const result = await use(connected);
      connected.release();
      return result;
    } catch (error) {
      const isRolledBack = await connected.query("ROLLBACK").then(
        () => true,
        () => false,
      );
      connected.release(!isRolledBack);
      throw error;
    }
  };

  const ready = (): Promise<void> => {
    migrated ??= withClient((connected) => migrate(connected, schema, kind, location)).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    });
    return migrated;
  };

  const transaction = async <Result>(begin: string, work: Work<Result>): Promise<Result> => {
    try {
      await ready();
      return await withClient((connected) =>
        inTransaction(connected, `${begin}; ${settings}`, () => work(createSteps(createPostgresSql(connected), clock))),
      );
    } catch (error) {
      throw postgresError(error, location);
    }
  };

  const write = <Result>(work: Work<Result>): Promise<Result> => transaction("BEGIN", work);

  return createStorage({
    read: (work) => transaction("BEGIN READ ONLY", work),
    snapshot: (work) => transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work),
    write,
    explain: (error) => postgresError(error, location),
    check: () => write(async () => undefined),
    close: () => {
      closing ??= pool.end();
      return closing;
    },
  });
}

async function inTransaction<Result>(client: PoolClient, begin: string, work: () => Promise<Result>): Promise<Result> {
  await client.query(begin);
  const result = await work();
  const { command } = await client.query("COMMIT");
  // A statement had failed, and the work went on.
  if (command !== "COMMIT") throw new Error("The transaction was rolled back.");
  return result;
}
