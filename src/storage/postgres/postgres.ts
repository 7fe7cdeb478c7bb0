/** Storage in one schema of a PostgreSQL database, which any number of processes on any number of machines share. */

import type { ClientBase, Pool, PoolClient } from "pg";
import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import type { Storage } from "../../prefetch/model/storage.ts";
import type { StoreKind } from "../schema.ts";
import { createSteps, type Steps } from "../steps.ts";
import { createStorage } from "../storage.ts";
import { type PostgresStore, shownAddress } from "./address.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { poolConfig } from "./pool.ts";
import { postgresError } from "./postgres-error.ts";
import { createPostgresSql } from "./postgres-sql.ts";
import { migrate, quotedName } from "./schema.ts";

/** What one transaction may take, in milliseconds. The database ends it then. */
export interface TransactionLimits {
  /** Shorter: calls fail while another process admits a large task. Longer: callers wait for longer before they learn of a lock. */
  readonly lockMs: number;
  /** Shorter than the admission of 10,000 URLs on a slow database: it fails. Longer: a statement that hangs is found later. */
  readonly statementMs: number;
  /**
   * How long a transaction may stand still. Longer: a process that is stopped in the middle of one blocks the others for longer.
   * Shorter than the planning of a large task between two statements: its admission fails.
   */
  readonly idleMs: number;
}

const usualLimits: TransactionLimits = { lockMs: 5_000, statementMs: 30_000, idleMs: 10_000 };

export interface PostgresOptions extends PostgresStore {
  readonly kind?: StoreKind;
  readonly clock: Pick<DatabaseClock, "now" | "monotonic" | "learn">;
  readonly limits?: TransactionLimits;
}

/** The database ends statements itself, unless it cannot be reached any more: this much later, the process gives up. */
const ANSWER_MARGIN_MS = 5_000;

/** The errors that have broken connections. */
const broken = new WeakMap<ClientBase, Error>();

/** Connects at the first use. A use after a failed one tries again. */
export function openPostgres(options: PostgresOptions): Storage {
  const { address, schema, kind = "real", clock, limits = usualLimits } = options;
  const location = shownAddress(address);
  let opening: Promise<Pool> | undefined;
  let migrated: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  const pool = (): Promise<Pool> => {
    if (closing) throw closedError(location);
    opening ??= openPool(options);
    return opening;
  };

  const withClient = async <Result>(use: (client: PoolClient) => Promise<Result>): Promise<Result> => {
    const client = await (await pool()).connect();
    try {
      const result = await use(client);
      client.release();
      return result;
    } catch (error) {
      const isRolledBack = await client.query("ROLLBACK").then(
        () => true,
        () => false,
      );
      client.release(!isRolledBack);
      throw broken.get(client) ?? error;
    }
  };

  const ready = (): Promise<void> => {
    migrated ??= withClient((client) => migrate(client, schema, kind, location)).catch((error: unknown) => {
      migrated = undefined;
      throw error;
    });
    return migrated;
  };

  const transaction = async <Result>(mode: string, work: (steps: Steps, client: PoolClient) => Promise<Result>): Promise<Result> => {
    try {
      await ready();
      return await withClient(async (client) => {
        const askedAt = clock.monotonic();
        const results: unknown = await client.query(`BEGIN ${mode}; ${settingsOf(schema, limits)}; ${TIME}`);
        clock.learn({ at: timeIn(results), askedAt, answeredAt: clock.monotonic() });
        const result = await work(createSteps(createPostgresSql(client), clock), client);
        await commit(client);
        return result;
      });
    } catch (error) {
      throw postgresError(error, location);
    }
  };

  /** Finds a database that is full, or that takes no writes. */
  const check = async (): Promise<void> => {
    await transaction(WRITE, async (_, client) => {
      await client.query("UPDATE store SET version = version");
    });
  };

  return createStorage({
    read: (work) => transaction("READ ONLY", work),
    snapshot: (work) => transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY", work),
    write: (work) => transaction(WRITE, work),
    explain: (error) => postgresError(error, location),
    check,
    close: () => {
      closing ??= (async () => (await opening)?.end())();
      return closing;
    },
  });
}

async function openPool(options: PostgresOptions): Promise<Pool> {
  // A static import would load the client at every start, also of servers on a file.
  const { default: pg } = await import("pg");
  const { statementMs } = options.limits ?? usualLimits;
  const pool = new pg.Pool({ ...poolConfig(options), query_timeout: statementMs + ANSWER_MARGIN_MS });
  // An idle connection that breaks: the next use opens another one.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => {
    // The next statement would only tell that the connection is broken, and not why.
    client.on("error", (error) => broken.set(client, broken.get(client) ?? error));
  });
  return pool;
}

/** A pooler between this process and the database may change the session from one transaction to the next. */
function settingsOf(schema: string, { lockMs, statementMs, idleMs }: TransactionLimits): string {
  return `SET LOCAL search_path TO ${quotedName(schema)}; SET LOCAL lock_timeout = ${lockMs}; SET LOCAL statement_timeout = ${statementMs}; SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`;
}

/** Every statement sees what others have committed before it, in particular before a lock was given. */
const WRITE = "ISOLATION LEVEL READ COMMITTED";
const TIME = "SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now";
const timeResult = z.array(z.object({ rows: z.array(z.object({ now: z.number().optional() })) }));

/** The last of the results of several statements. */
function timeIn(results: unknown): number {
  const now = timeResult.parse(results).at(-1)?.rows[0]?.now;
  if (now === undefined) throw new Error("The database told no time.");
  return now;
}

async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query("COMMIT");
  // A statement had failed, and the work went on.
  if (command !== "COMMIT") throw new Error("The transaction was rolled back.");
}

function closedError(location: string): PrefetchError {
  return new PrefetchError("store_unavailable", `The store ${location} cannot be used: the server has closed it.`, {
    hint: "Start the server again.",
  });
}
