/** A store belongs to real vendors or to the sandbox, and each refuses the other's. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import { realTime } from "../../src/storage/lock-wait.ts";
import type { StoreKind } from "../../src/storage/schema.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock } from "../fakes/clock.ts";
import { tablesOfVersion1 } from "../fakes/schema-version-1.ts";
import { newFolder, tamper } from "./file-harness.ts";

const newPath = (): string => join(newFolder(), "store.sqlite");

/** "used", or the message of the refusal with its hint. */
async function attempt(path: string, kind: StoreKind): Promise<string> {
  const storage = openSqlite(path, fakeClock(), realTime, kind);
  try {
    await storage.census();
    return "used";
  } catch (error) {
    if (!(error instanceof PrefetchError)) throw error;
    return `${error.code}: ${error.message.replace(path, "FILE")} ${error.hint}`;
  } finally {
    await storage.close();
  }
}

function applicationIdOf(path: string): unknown {
  const db = new DatabaseSync(path, { readOnly: true });
  const id = db.prepare("PRAGMA application_id").get()?.application_id;
  db.close();
  return id;
}

const byTheSandbox =
  "store_unavailable: The store FILE was written by the sandbox, whose tasks real vendors do not know. Name another file in PREFETCH_STORE.";
const notByTheSandbox =
  "store_unavailable: The store FILE was not written by this version's sandbox and may hold real tasks and their quota. Name another file in PREFETCH_STORE, or leave it out: the sandbox then keeps nothing.";

it.each([
  ["real", "sandbox", notByTheSandbox],
  ["sandbox", "real", byTheSandbox],
] as const)(
  "a file of kind %s is used again by its own kind and refused by kind %s, which leaves it unchanged",
  async (kind, other, text) => {
    const path = newPath();
    expect([await attempt(path, kind), await attempt(path, kind)]).toEqual(["used", "used"]);
    const mark = applicationIdOf(path);
    expect(await attempt(path, other)).toBe(text);
    expect(applicationIdOf(path)).toBe(mark);
    expect(await attempt(path, kind)).toBe("used");
  },
);

it("a file that an earlier version wrote is used and marked by a real server, and refused by the sandbox", async () => {
  const path = newPath();
  tamper(path, `${tablesOfVersion1} PRAGMA user_version = 1;`);
  expect(await attempt(path, "sandbox")).toBe(notByTheSandbox);
  expect(applicationIdOf(path)).toBe(0);
  expect(await attempt(path, "real")).toBe("used");
  expect(await attempt(path, "sandbox")).toBe(notByTheSandbox);
});

it.each(["real", "sandbox"] as const)("the database of another program is refused by kind %s", async (kind) => {
  const path = newPath();
  tamper(path, "CREATE TABLE features (id INTEGER); PRAGMA application_id = 0x47504B47;");
  expect(await attempt(path, kind)).toContain("The store FILE belongs to another program.");
});

it("two servers of different kinds that create one file at a time leave it to one of them", async () => {
  const path = newPath();
  const outcomes = await Promise.all([attempt(path, "real"), attempt(path, "sandbox")]);
  expect(outcomes.filter((outcome) => outcome === "used")).toHaveLength(1);
});
