/** A database for one test file, on the server of the run. */

import { inject } from "vitest";
import { z } from "zod";
import type { PostgresAddress } from "../../../src/storage/postgres/address.ts";

const client = z.object({ host: z.string(), port: z.number(), user: z.string(), database: z.string() });
export type TestDatabase = z.infer<typeof client>;

/** The address without TLS and a password. */
export function addressOf(database: TestDatabase): PostgresAddress {
  return { ...database, password: undefined, tls: undefined };
}

export async function newDatabase(): Promise<TestDatabase> {
  const response = await fetch(inject("postgresUrl"));
  if (!response.ok) throw new Error(await response.text());
  return client.parse(await response.json());
}
