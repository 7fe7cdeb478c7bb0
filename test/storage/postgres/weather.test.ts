/** Bad weather: what goes wrong at the database and on the way to it, and what callers see of it. */

import { chmodSync, chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../../src/app/system-clock.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import type { PostgresAddress } from "../../../src/storage/postgres/address.ts";
import { createDatabaseClock } from "../../../src/storage/postgres/database-clock.ts";
import { openPostgres, type PostgresOptions } from "../../../src/storage/postgres/postgres.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { certificates } from "../../system/harness/certificates-harness.ts";
import { newFolder } from "../file-harness.ts";
import { addressOf } from "./database.ts";
import { NOBODY, type PostgresServer, startPostgres } from "./server.ts";

const PASSWORD = "s3cr3t-of-the-guest";

let server: PostgresServer;
let schemas = 0;
beforeAll(async () => {
  server = await startPostgres("-c", "max_connections=12", "-c", "superuser_reserved_connections=2");
  await asAdmin(`CREATE ROLE guest LOGIN PASSWORD '${PASSWORD}'`);
});
afterAll(() => server?.remove());

async function asAdmin(text: string): Promise<Record<string, unknown>[]> {
  const admin = new pg.Client(server.client);
  await admin.connect();
  try {
    return (await admin.query<Record<string, unknown>>(text)).rows;
  } finally {
    await admin.end();
  }
}

function open(more: Partial<PostgresOptions> = {}, address: Partial<PostgresAddress> = {}): Storage {
  const clock = createDatabaseClock(systemClock);
  const storage = openPostgres({
    address: { ...addressOf(server.client), ...address },
    schema: `weather_${++schemas}`,
    clock,
    poolSize: 3,
    limits: { lockMs: 300, statementMs: 5_000, idleMs: 500 },
    ...more,
  });
  onTestFinished(() => storage.close());
  return storage;
}

const admit = (storage: Storage, id: string, account = "fake-cdn:1"): Promise<unknown> =>
  storage.admit([accountQuery({ account })], () => ({
    task: newTask({ id, account, urls: manyUrls(3, `https://media.example.com/${id}/`) }),
  }));

const refused = (retryable: boolean, message: RegExp) => ({
  name: "PrefetchError",
  code: "store_unavailable",
  retryable,
  message: expect.stringMatching(message),
});
const named = (what: string): RegExp => new RegExp(`^The store postgres://\\w+@127\\.0\\.0\\.1:\\d+/\\w+ cannot be used: .*${what}`);

describe("a database that cannot be used", () => {
  it("refuses calls that may be repeated while it is down, at the start and later, and is used again once it is back", async () => {
    await server.stop();
    const storage = open();
    await expect(storage.check()).rejects.toMatchObject(refused(true, named("ECONNREFUSED")));
    await server.start();
    await admit(storage, "pf_1");
    await server.stop("SIGKILL");
    await expect(admit(storage, "pf_2")).rejects.toMatchObject(refused(true, named("")));
    await server.start();
    expect((await storage.census()).queued).toBe(3);
    await admit(storage, "pf_2");
  });

  it("loses nothing that it confirmed, and keeps nothing of a transaction in which it was killed", async () => {
    const storage = open();
    await admit(storage, "pf_1");
    const admitting = storage.admit([accountQuery()], async () => {
      await server.restart("SIGKILL");
      return { task: newTask({ id: "pf_2", urls: manyUrls(2) }) };
    });
    await expect(admitting).rejects.toMatchObject(refused(true, named("")));
    expect([await storage.task("pf_1"), await storage.task("pf_2")]).toMatchObject([{ counts: { queued: 3 } }, undefined]);
  });

  it("costs one call at most when its connections are cut, idle or at work", async () => {
    const storage = open();
    await admit(storage, "pf_1");
    const cut =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cdn-prefetch-mcp' AND datname = current_database()";
    await asAdmin(cut);
    await storage.census().catch((error: unknown) => expect(error).toMatchObject(refused(true, named(""))));
    const admitting = storage.admit([accountQuery()], async () => {
      await asAdmin(cut);
      return { task: newTask({ id: "pf_2", urls: manyUrls(2) }) };
    });
    await expect(admitting).rejects.toMatchObject(refused(true, named("terminating connection due to administrator command")));
    await admit(storage, "pf_2");
  });

  it("says so when it has no connection left, and is used again when it has", async () => {
    const storage = open();
    const users = Array.from({ length: 9 }, () => new pg.Client({ ...server.client, user: "guest", password: PASSWORD }));
    await Promise.all(users.map((user) => user.connect()));
    const guest = open({}, { user: "guest", password: PASSWORD });
    const more = [new pg.Client({ ...server.client, user: "guest", password: PASSWORD })];
    await Promise.all(more.map((user) => user.connect()));
    await expect(guest.check()).rejects.toMatchObject(refused(true, named("SQLSTATE 53300")));
    await Promise.all([...users, ...more].map((user) => user.end()));
    await storage.check();
  });

  it("says so when it takes no writes, and still answers reads", async () => {
    const storage = open();
    await admit(storage, "pf_1");
    await asAdmin("ALTER SYSTEM SET default_transaction_read_only = on");
    await asAdmin("SELECT pg_reload_conf()");
    // A session learns of it a moment later.
    await expect.poll(() => storage.check().catch((error: unknown) => error)).toMatchObject(refused(true, named("read-only")));
    await expect(admit(storage, "pf_2")).rejects.toMatchObject(refused(true, named("read-only")));
    expect(await storage.task("pf_1")).toMatchObject({ counts: { queued: 3 } });
    const admin = new pg.Client({ ...server.client, options: "-c default_transaction_read_only=off" });
    await admin.connect();
    await admin.query("ALTER SYSTEM RESET default_transaction_read_only");
    await admin.query("SELECT pg_reload_conf()");
    await admin.end();
    await expect.poll(() => storage.check().then(() => "ready", String)).toBe("ready");
  });

  it("is refused with the reason and what to do when user, password, database or permission are wrong, without the password", async () => {
    const cases = [
      [{ user: "guest", password: "wrong-s3cr3t" }, /password authentication failed/, /PGPASSWORD/],
      [{ user: "stranger" }, /role "stranger" does not exist/, /PREFETCH_STORE/],
      [{ database: "missing" }, /database "missing" does not exist/, /Create the database/],
      [{ user: "guest", password: PASSWORD }, /SQLSTATE 42501/, /create the schema and make the user its owner/],
    ] as const;
    for (const [address, message, hint] of cases) {
      const error: unknown = await open({}, address)
        .check()
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ ...refused(false, message), hint: expect.stringMatching(hint) });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/s3cr3t/);
    }
    await asAdmin(`CREATE SCHEMA weather_own AUTHORIZATION guest`);
    await open({ schema: "weather_own" }, { user: "guest", password: PASSWORD }).check();
  });
});

describe("a process among others", () => {
  it("waits no longer than it may for an account that another one holds, and goes on with reads and other accounts", async () => {
    const schema = `weather_${++schemas}`;
    const [one, other] = [open({ schema, limits: { lockMs: 300, statementMs: 5_000, idleMs: 20_000 } }), open({ schema })];
    await admit(one, "pf_1");
    const { promise, resolve } = Promise.withResolvers<void>();
    const holding = one.admit([accountQuery()], async () => {
      await expect(admit(other, "pf_2")).rejects.toMatchObject(refused(true, named("lock timeout")));
      await admit(other, "pf_3", "another account");
      expect((await other.census()).queued).toBe(6);
      resolve();
      return { task: undefined };
    });
    await promise;
    await holding;
    await admit(other, "pf_2");
  });

  it("that is stopped in the middle of a transaction loses it, and blocks no other one for longer than it may", async () => {
    const schema = `weather_${++schemas}`;
    const [stopped, other] = [open({ schema }), open({ schema, limits: { lockMs: 5_000, statementMs: 10_000, idleMs: 500 } })];
    await admit(stopped, "pf_1");
    const admitting = stopped.admit([accountQuery()], async () => {
      await admit(other, "pf_2");
      return { task: newTask({ id: "pf_3", urls: manyUrls(1) }) };
    });
    await expect(admitting).rejects.toMatchObject(refused(true, named("idle-in-transaction timeout")));
    expect(await other.task("pf_3")).toBeUndefined();
    await admit(stopped, "pf_3");
  });

  it("gives a statement up that takes longer than it may", async () => {
    const schema = `weather_${++schemas}`;
    const storage = open({ schema, limits: { lockMs: 5_000, statementMs: 200, idleMs: 5_000 } });
    await open({ schema }).check();
    await asAdmin(`CREATE FUNCTION ${schema}.slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(5); RETURN NEW; END';
      CREATE TRIGGER slow BEFORE INSERT ON ${schema}.tasks FOR EACH ROW EXECUTE FUNCTION ${schema}.slow()`);
    await expect(admit(storage, "pf_1")).rejects.toMatchObject(refused(true, named("statement timeout")));
    await asAdmin(`DROP TRIGGER slow ON ${schema}.tasks`);
    await admit(storage, "pf_1");
  });

  it("of this version uses a newer schema that allows it, and refuses one that does not, and one of another kind", async () => {
    const schema = `weather_${++schemas}`;
    await open({ schema }).check();
    await asAdmin(`UPDATE ${schema}.store SET version = 99`);
    await admit(open({ schema }), "pf_1");
    await asAdmin(`UPDATE ${schema}.store SET oldest_reader = 99`);
    await expect(open({ schema }).check()).rejects.toMatchObject(refused(false, /was written by a newer version of this server/));
    const sandbox = `weather_${++schemas}`;
    await open({ schema: sandbox, kind: "sandbox" }).check();
    await expect(open({ schema: sandbox }).check()).rejects.toMatchObject(refused(false, /holds the tasks of a sandbox server/));
  });

  it("goes by the database's clock once it has used it", async () => {
    const clock = createDatabaseClock({ ...systemClock, now: () => Date.now() + 3_600_000 });
    await open({ clock }).check();
    expect(clock.aheadMs()).toBeGreaterThan(3_590_000);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(10_000);
  });

  it("opens at most the connections that it may, and none after it is closed", async () => {
    const storage = open({ poolSize: 2 });
    const opened =
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'cdn-prefetch-mcp' AND datname = current_database()";
    await storage.check();
    const counted: unknown[] = [];
    const counting = async (number: number): Promise<void> => {
      await storage.admit([accountQuery({ account: `account ${number}` })], async () => {
        counted.push(...(await asAdmin(opened)));
        return { task: undefined };
      });
    };
    await Promise.all(Array.from({ length: 6 }, (_, number) => counting(number)));
    expect(counted).toHaveLength(6);
    for (const each of counted) expect([{ n: 1 }, { n: 2 }]).toContainEqual(each);
    await storage.close();
    await expect.poll(() => asAdmin(opened)).toEqual([{ n: 0 }]);
    await expect(storage.check()).rejects.toMatchObject({ hint: "Start the server again." });
  });
});

describe.skipIf(process.platform === "win32")("a database behind TLS", () => {
  it("is used when its certificate proves it, and not otherwise", async () => {
    const folder = newFolder();
    chmodSync(folder, 0o755);
    const place = (name: string, text: string): string => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
      return path;
    };
    const { cert, key } = certificates.good;
    const flags = ["-c", "ssl=on", "-c", `ssl_cert_file=${place("cert.pem", cert)}`, "-c", `ssl_key_file=${place("key.pem", key)}`];
    const encrypted = await startPostgres(...flags);
    onTestFinished(() => encrypted.remove());
    const port = { port: encrypted.client.port };
    await open({}, { ...port, tls: { ca: cert } }).check();
    await expect(open({}, { ...port, tls: { ca: undefined } }).check()).rejects.toMatchObject(refused(false, named("certificate")));
    await expect(open({}, { ...port, host: "localhost", tls: { ca: cert } }).check()).rejects.toThrow(/altnames|certificate/i);
    await expect(open({}, { tls: { ca: cert } }).check()).rejects.toThrow(/does not support SSL/);
  });
});
