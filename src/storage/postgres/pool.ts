/** How the connections to a database are opened and kept. */

import type { PoolConfig } from "pg";
import type { PostgresStore } from "./address.ts";
import { numberTypes } from "./types.ts";

/** How long a call waits for a free connection, and for a new one. Longer: callers learn late that the database is down. */
const CONNECT_MS = 5_000;
/** A shorter time opens connections again and again; a longer one holds connections that others could use. */
const IDLE_MS = 10_000;

export function poolConfig({ address, poolSize }: PostgresStore): PoolConfig {
  const { host, port, user, password, database, tls } = address;
  return {
    ...{ host, port, user, password, database },
    ssl: tls === undefined ? false : { rejectUnauthorized: true, ...(tls.ca !== undefined && { ca: tls.ca }) },
    types: numberTypes,
    application_name: "cdn-prefetch-mcp",
    max: poolSize,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    allowExitOnIdle: true,
    keepAlive: true,
  };
}
