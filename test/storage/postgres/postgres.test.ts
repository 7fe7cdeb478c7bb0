import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { openPostgres } from "../../../src/storage/postgres/postgres.ts";
import { storageContract } from "../../contract/storage.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { addressOf, newDatabase } from "./database.ts";

/** The contract's times are those of a clock that stands still. */
const standing = { ...fakeClock(), learn: () => undefined };
let admin: pg.Client;
let storage: Storage;
let empty: string;
beforeAll(async () => {
  const client = await newDatabase();
  admin = new pg.Client(client);
  await admin.connect();
  storage = openPostgres({ address: addressOf(client), schema: "contract", clock: standing, poolSize: 5 });
  await storage.check();
  const tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'contract' AND tablename NOT IN ('task_states', 'store')";
  const { rows } = await admin.query<{ tablename: string }>(tables);
  // Without triggers, which need the schema in their search path.
  empty = ["SET session_replication_role = replica", ...rows.map(({ tablename }) => `DELETE FROM contract.${tablename}`)].join("; ");
});
afterAll(async () => {
  await storage?.close();
  await admin?.end();
});

/** Creating a schema, and connecting, take longer than most tests: all of them share both. */
storageContract("PostgreSQL", async () => {
  await admin.query(empty);
  return { ...storage, close: async () => undefined };
});
