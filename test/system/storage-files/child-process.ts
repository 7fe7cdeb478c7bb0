/**
 * A process that opens a store file and stops just before one of the statements of that, until its parent writes to its
 * stdin, or for ever. It says on stdout when it stops and how it ended.
 */

import { readSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../../src/app/system-clock.ts";
import { openStorage } from "../../storage/open-harness.ts";

const [file = "", stopBefore = ""] = process.argv.slice(2);

const { exec } = DatabaseSync.prototype;
let stopped = stopBefore === "";
DatabaseSync.prototype.exec = function (sql) {
  if (!stopped && sql.includes(stopBefore)) {
    stopped = true;
    writeSync(1, "stopped\n");
    // Synchronous as the driver is, so that nothing else of the process goes on meanwhile.
    readSync(0, Buffer.alloc(1));
  }
  exec.call(this, sql);
};

try {
  const storage = await openStorage(file, systemClock);
  await storage.close();
  writeSync(1, "opened\n");
} catch (error) {
  writeSync(1, `${String(error)}\n`);
}
