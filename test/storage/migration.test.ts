import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { NOON, TODAY } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { tablesOfVersion1 } from "../fakes/schema-version-1.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { newFolder, openFile, refusalOf, tamper } from "./file-harness.ts";

/** Schema version 1 with a task in each state that matters. */
const versionOne = `
  ${tablesOfVersion1}
  PRAGMA user_version = 1;

  INSERT INTO tasks VALUES ('pf_1', ${NOON}, '["fake-cdn"]', 1, 2);
  INSERT INTO batches VALUES
    ('pf_1', 0, 'fake-cdn', 'fake-cdn:1', 'urls', 'sent', '${TODAY}', 2, 1, ${NOON}, NULL, ${NOON + 5}, '["v-1"]', 'r-1'),
    ('pf_1', 1, 'fake-cdn', 'fake-cdn:1', 'urls', 'sending', '${TODAY}', 2, 0, ${NOON}, ${NOON + 45_000}, ${NOON + 6}, '[]', NULL),
    ('pf_1', 2, 'fake-cdn', 'fake-cdn:1', 'urls', 'queued', '${TODAY}', 1, 0, ${NOON}, NULL, NULL, '[]', NULL);
  INSERT INTO items VALUES
    ('pf_1', 0, 0, 'url', 'https://media.example.com/0.mp4', 'processing', NULL, NULL, NULL),
    ('pf_1', 1, 0, 'url', 'https://media.example.com/1.mp4', 'failed', 'vendor_failed', '403', NULL),
    ('pf_1', 2, 1, 'url', 'https://media.example.com/2.mp4', 'queued', NULL, NULL, NULL),
    ('pf_1', 3, 1, 'url', 'https://media.example.com/3.mp4', 'queued', NULL, NULL, NULL),
    ('pf_1', 4, 2, 'url', 'https://media.example.com/4.mp4', 'queued', NULL, NULL, NULL),
    ('pf_1', 5, NULL, 'url', 'not a url', 'rejected', 'invalid_argument', 'No.', NULL);
  INSERT INTO ledger VALUES ('fake-cdn:1', '${TODAY}', 5, 1);
  INSERT INTO pace VALUES ('fake-cdn:1', ${NOON + 3_000});
`;

describe("a file of schema version 1", () => {
  const oldFile = (): string => {
    const path = join(newFolder(), "store.sqlite");
    tamper(path, versionOne);
    return path;
  };

  it("keeps its tasks, ledger and rate slots, and gets every batch as a planned one", async () => {
    const storage = await openFile(oldFile());
    expect(await storage.task("pf_1")).toMatchObject({
      task: {
        id: "pf_1",
        tenant: "",
        traceparent: undefined,
        createdAt: NOON,
        providers: ["fake-cdn"],
        duplicatesRemoved: 1,
        skippedRecent: 2,
      },
      counts: { queued: 3, processing: 1, succeeded: 0, failed: 1, rejected: 1, untracked: 0, cancelled: 0, unknown: 0 },
      batches: 3,
      openBatches: 3,
      sending: 2,
      held: [{ owner: undefined, isSent: true, items: 2, at: NOON + 45_000 }],
      bytes: 0,
      waitingAccounts: ["fake-cdn:1"],
      rejections: new Map([["invalid_argument", 1]]),
    });
    expect(await storage.census()).toEqual((await storage.task("pf_1"))?.counts);
    expect((await storage.items("pf_1", { limit: 9 })).map(({ target, state, batch }) => [target, state, batch])).toEqual([
      ...manyUrls(5).map((url, index) => [url, ["processing", "failed", "queued", "queued", "queued"][index], [0, 0, 1, 1, 2][index]]),
      ["not a url", "rejected", undefined],
    ]);
    expect((await storage.following("pf_1")).map((work) => work.batch)).toEqual([
      {
        taskId: "pf_1",
        number: 0,
        origin: 0,
        provider: "fake-cdn",
        account: "fake-cdn:1",
        kind: "urls",
        state: "sent",
        day: TODAY,
        cost: 2,
        deferrable: false,
        attempts: 1,
        notBefore: NOON,
        leaseUntil: undefined,
        sentAt: NOON + 5,
        vendorTaskIds: ["v-1"],
        requestId: "r-1",
      },
    ]);
    const claims = [
      await storage.claim("fake-cdn:1", NOON + 45_000, NOON + 99_000),
      await storage.claim("fake-cdn:1", NOON + 45_000, NOON + 99_000),
    ];
    expect(claims.map((work) => [work?.batch.number, work?.batch.origin, work?.batch.state, work?.divisions])).toEqual([
      [1, 1, "sending", 0],
      [2, 2, "claimed", 0],
    ]);
    expect(await storage.ledger("fake-cdn:1", TODAY)).toEqual({ used: 5, pending: 3, exhausted: true });
    expect(await storage.reserveSlot("fake-cdn:1", 1_000, 1, NOON)).toBe(3_000);
  });

  it("has the current schema after the first opening, for a second process too", async () => {
    const path = oldFile();
    const first = await openFile(path);
    const second = await openFile(path);
    await first.admit([accountQuery()], () => ({ task: newTask({ id: "pf_2", urls: manyUrls(2, "https://new.example/") }) }));
    const work = await second.claim("fake-cdn:1", NOON, NOON + 60_000);
    if (!work) throw new Error("No batch is due.");
    expect(await second.change(work.batch, { kind: "divide", notBefore: NOON, items: [], refund: 0, part: { items: [], cost: 0 } })).toBe(
      true,
    );
    expect(await first.task("pf_1")).toMatchObject({ batches: 4 });
    const db = new DatabaseSync(path);
    onTestFinished(() => db.close());
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 12 });
  });

  it("stays unchanged when its migration fails, and migrates at the next attempt", async () => {
    const path = oldFile();
    // The trigger makes the UPDATE in the migration fail after earlier statements have run.
    tamper(path, "CREATE TRIGGER stubborn BEFORE UPDATE ON batches BEGIN SELECT raise(ABORT, 'not now'); END");
    expect(await refusalOf(path)).toMatchObject({ code: "store_unavailable", message: expect.stringContaining("cannot be used") });
    const db = new DatabaseSync(path);
    onTestFinished(() => db.close());
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
    expect(db.prepare("SELECT name FROM pragma_table_info('batches') WHERE name = 'origin'").all()).toEqual([]);
    // The failed attempt left nothing behind that stops the next one.
    db.exec("DROP TRIGGER stubborn");
    expect(await (await openFile(path)).task("pf_1")).toMatchObject({ batches: 3 });
  });
});
