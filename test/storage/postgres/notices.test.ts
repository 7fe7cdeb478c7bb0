/** Notices between processes, over real connections, and what ends them. */

import { once } from "node:events";
import { createServer, connect as dial } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Notice } from "../../../src/prefetch/model/notices.ts";
import { announcing } from "../../../src/storage/postgres/announcing.ts";
import { createPostgresNotices } from "../../../src/storage/postgres/notices.ts";
import { openPostgres } from "../../../src/storage/postgres/postgres.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { addressOf, newDatabase, type TestDatabase } from "./database.ts";

/** A busy machine answers late. */
const PATIENCE = { timeout: 10_000 };

let database: TestDatabase;
let admin: pg.Client;
let schemas = 0;
beforeAll(async () => {
  database = await newDatabase();
  admin = new pg.Client(database);
  await admin.connect();
});
afterAll(() => admin?.end());

/** A process of the fleet. After a cut, it connects again when `again` is called. */
function startProcess(schema: string, port = database.port) {
  const address = { ...addressOf(database), port };
  const reports: string[] = [];
  const heard: Notice[] = [];
  const pauses: (() => void)[] = [];
  const sleep = (_: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) resolve();
      pauses.push(resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  const report = (error: unknown): void => void reports.push(String(error));
  const notices = createPostgresNotices({ address, schema, poolSize: 3, clock: { sleep }, report });
  const opened = openPostgres({ address, schema, clock: { ...fakeClock(), learn: () => undefined }, poolSize: 3 });
  const storage = announcing(opened, notices.announce);
  notices.listen((notice) => heard.push(notice));
  onTestFinished(async () => {
    await notices.close();
    await opened.close();
  });
  const again = (): void => {
    for (const resume of pauses.splice(0)) resume();
  };
  return { storage, heard, reports, pauses, again };
}

/** The processes of a schema that listen. */
const listeners = async (schema: string): Promise<number> =>
  (await admin.query("SELECT 1 FROM pg_stat_activity WHERE query = $1", [`LISTEN "${schema}"`])).rowCount ?? 0;

const admit = (storage: ReturnType<typeof startProcess>["storage"], id: string) =>
  storage.admit([accountQuery()], () => ({ task: newTask({ id, urls: manyUrls(2, `https://example.com/${id}/`) }) }));

describe("notices", () => {
  it("tell the other processes of the schema, and no others, of due work and of changes, over one more connection", async () => {
    const schema = `notices_${++schemas}`;
    const [one, other, stranger] = [startProcess(schema), startProcess(schema), startProcess(`notices_${++schemas}`)];
    await vi.waitFor(async () => expect(await listeners(schema)).toBe(2), PATIENCE);
    await vi.waitFor(async () => expect(await listeners(`notices_${schemas}`)).toBe(1), PATIENCE);
    await admit(one.storage, "pf_1");
    await vi.waitFor(() => expect(other.heard).toEqual([{ kind: "due" }]), PATIENCE);
    await other.storage.cancel("pf_1");
    await vi.waitFor(() => expect(one.heard).toEqual([{ kind: "task", taskId: "pf_1" }]), PATIENCE);
    expect([other.heard.length, stranger.heard, one.reports, other.reports]).toEqual([1, [], [], []]);
    // The server of the run has databases of other test files.
    const { rows } = await admin.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'cdn-prefetch-mcp' AND datname = current_database()",
    );
    // Two that listen and one that admits, each of two processes, and the stranger that listens.
    expect(rows).toEqual([{ n: 5 }]);
  });

  it("stop when a connection is cut, which is reported once, and go on when it can be opened again", async () => {
    const schema = `notices_${++schemas}`;
    const [one, other] = [startProcess(schema), startProcess(schema)];
    await vi.waitFor(async () => expect(await listeners(schema)).toBe(2), PATIENCE);
    await admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = $1", [`LISTEN "${schema}"`]);
    await vi.waitFor(
      () => expect([one.reports, other.reports]).toEqual([[expect.stringMatching(/terminat/)], [expect.any(String)]]),
      PATIENCE,
    );
    await admit(one.storage, "pf_1");
    await vi.waitFor(() => expect([one.pauses.length, other.pauses.length]).toEqual([1, 1]), PATIENCE);
    one.again();
    other.again();
    let tasks = 1;
    await vi.waitFor(async () => {
      await admit(one.storage, `pf_${++tasks}`);
      expect(other.heard.at(-1)).toEqual({ kind: "due" });
    }, PATIENCE);
    expect([one.reports.length, other.reports.length]).toEqual([1, 1]);
  });

  it("are not listened for through a pooler, which is reported once, and change nothing for those who use it", async () => {
    /** As a pooler, it gives clients a key of its own: the message K, with a process id and a secret. */
    const pooler = createServer((client) => {
      const upstream = dial(database.port, database.host);
      client.pipe(upstream).on("error", () => client.destroy());
      upstream.on("data", (bytes: Buffer) => {
        const at = bytes.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
        if (at >= 0) bytes.writeInt32BE(7, at + 5);
        client.write(bytes);
      });
      upstream.on("close", () => client.destroy());
      client.on("error", () => upstream.destroy()).on("close", () => upstream.destroy());
    }).listen(0, "127.0.0.1");
    await once(pooler, "listening");
    onTestFinished(() => void pooler.close());
    const address = pooler.address();
    const process = startProcess(`notices_${++schemas}`, typeof address === "object" ? address?.port : undefined);
    for (let time = 0; time < 3; time += 1) {
      await vi.waitFor(() => expect(process.pauses).toHaveLength(1), PATIENCE);
      process.again();
    }
    expect(process.reports).toEqual([expect.stringMatching(/connection pooler/)]);
    await admit(process.storage, "pf_1");
    expect((await process.storage.census()).queued).toBe(2);
  });
});
