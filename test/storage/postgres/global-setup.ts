/**
 * One PostgreSQL server for all test files of a run. It starts when the first of them asks for a database, so a run without such a
 * file only pays for a listening socket.
 */

import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { type PostgresServer, startPostgres } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where a test file asks for a database of its own. */
    readonly postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<PostgresServer> | undefined;
  let databases = 0;

  const newDatabase = async (): Promise<PostgresServer["client"]> => {
    starting ??= startPostgres();
    const { client } = await starting;
    const database = `test_${++databases}`;
    const admin = new pg.Client(client);
    await admin.connect();
    await admin.query(`CREATE DATABASE ${database}`);
    await admin.end();
    return { ...client, database };
  };

  const answer = (response: ServerResponse): Promise<unknown> =>
    newDatabase().then(
      (client) => response.end(JSON.stringify(client)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );

  const http = createServer((_, response) => void answer(response)).listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (!address || typeof address === "string") throw new Error("The listener has no port.");
  project.provide("postgresUrl", `http://127.0.0.1:${address.port}/`);

  return async () => {
    http.close();
    await (await starting)?.remove();
  };
}
