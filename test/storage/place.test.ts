/** Places where no store can be. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock } from "../fakes/clock.ts";
import { newFolder, refusalOf } from "./file-harness.ts";

const places: readonly (readonly [string, RegExp, (folder: string) => string])[] = [
  ["is a folder", /it is a folder and not a file\.$/, (folder) => folder],
  [
    "is below a file",
    /(ENOTDIR|EEXIST).*\.$/,
    (folder) => {
      writeFileSync(join(folder, "file"), "");
      return join(folder, "file", "deeper", "store.sqlite");
    },
  ],
  ["is below /proc", /ENOENT: no such file or directory, mkdir '\/proc\/none'\.$/, () => "/proc/none/deeper/store.sqlite"],
  [
    "holds other bytes",
    /file is not a database\.$/,
    (folder) => {
      writeFileSync(join(folder, "store.sqlite"), Buffer.alloc(9_000, 0xa5));
      return join(folder, "store.sqlite");
    },
  ],
  [
    "is a symbolic link that leads nowhere",
    /it is a symbolic link to .*none\/store\.sqlite, whose folder does not exist\.$/,
    (folder) => {
      symlinkSync(join(folder, "none", "store.sqlite"), join(folder, "link.sqlite"));
      return join(folder, "link.sqlite");
    },
  ],
  [
    "is a symbolic link to itself",
    /ELOOP.*\.$/,
    (folder) => {
      symlinkSync(join(folder, "link.sqlite"), join(folder, "link.sqlite"));
      return join(folder, "link.sqlite");
    },
  ],
  [
    "is a named pipe",
    /it is not a regular file\.$/,
    (folder) => {
      execFileSync("mkfifo", [join(folder, "pipe")]);
      return join(folder, "pipe");
    },
  ],
  ["is a device", /it is not a regular file\.$/, () => "/dev/null"],
];

describe.skipIf(process.platform === "win32")("a store whose place", () => {
  it.each(places)("%s is refused at the first use, with the reason and what to do", async (_, reason, make) => {
    const path = make(newFolder());
    const error = await refusalOf(path);
    expect(error).toMatchObject({ code: "store_unavailable", hint: expect.stringMatching(/^Check the file, .*PREFETCH_STORE\.$/) });
    expect(error.message).toContain(`The store ${path} cannot be used: `);
    expect(error.message).toMatch(reason);
  });

  it("becomes usable is used by the next call", async () => {
    const folder = newFolder();
    const path = join(folder, "store.sqlite");
    mkdirSync(path);
    const storage = openSqlite(path, fakeClock());
    onTestFinished(() => storage.close());
    await expect(storage.check()).rejects.toMatchObject({ code: "store_unavailable" });
    rmSync(path, { recursive: true });
    await storage.check();
    expect(await storage.census()).toMatchObject({ queued: 0 });
  });

  it("is a symbolic link to a new file in an existing folder gets the file", async () => {
    const folder = mkdtempSync(join(newFolder(), "inner-"));
    symlinkSync(join(folder, "store.sqlite"), join(folder, "link.sqlite"));
    const storage = openSqlite(join(folder, "link.sqlite"), fakeClock());
    onTestFinished(() => storage.close());
    await storage.check();
    expect(await storage.census()).toMatchObject({ queued: 0 });
  });
});
