/** The store: its file, whether it can be written, its schema, its disk. Changes nothing. */

import { access, constants, stat } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { asPrefetchError } from "../../../base/errors.ts";
import { type FileSystem, fileSystemOf } from "../../../storage/file-system.ts";
import type { StoreReport } from "../../../storage/inspect.ts";
import type { StoreKind } from "../../../storage/schema.ts";
import { type Finding, type Rows, rowsOf } from "./finding.ts";

/** More: small disks that work are warned of. Less: a task of 10,000 long URLs and its log may not fit. */
const LEAST_FREE_BYTES = 100_000_000;

const rows = rowsOf("store");
const elsewhere = "Correct the permissions, or name another place in PREFETCH_STORE.";

export async function checkStore(location: string, kind: StoreKind): Promise<Finding[]> {
  if (location === ":memory:") return [rows.ok("file", "The store is in memory: tasks and the quota ledger end with the process.")];
  const place = resolve(location);
  const relative = "The path is relative, so each working directory has its own store.";
  return [
    ...(isAbsolute(location) ? [] : [rows.warning("path", relative, "Name an absolute path in PREFETCH_STORE.")]),
    ...(await checkFile(place, kind)),
  ];
}

async function checkFile(location: string, kind: StoreKind): Promise<Finding[]> {
  try {
    // On a disk that hangs, this waits without holding the process, and SQLite is not asked.
    const folder = await nearestFolder(dirname(location));
    // A symbolic link can lead to another disk.
    const place = await stat(location).then(
      () => location,
      () => folder,
    );
    const disk = describeDisk(await fileSystemOf(place), rows);
    const { inspectStore } = await import("../../../storage/inspect.ts");
    const report = inspectStore(location, kind);
    return [report === undefined ? await newFile(location, folder) : await existingFile(location, report), ...disk];
  } catch (error) {
    if (isSystemError(error)) return [rows.failed("file", `${location} cannot be used (${error.message}).`, elsewhere)];
    const found = asPrefetchError(error);
    if (found.code !== "store_unavailable") throw error;
    return [rows.error("file", found, { state: found.retryable ? "warning" : "failed" })];
  }
}

/** The folder, or the nearest one above it that exists. Throws the system's error when a file stands in the way. */
async function nearestFolder(folder: string): Promise<string> {
  for (let each = folder; ; each = dirname(each)) {
    try {
      const found = await stat(each);
      if (found.isDirectory()) return each;
    } catch (error) {
      if (!isSystemError(error) || error.code !== "ENOENT" || dirname(each) === each) throw error;
      continue;
    }
    throw Object.assign(new Error(`${each} is a file and not a folder`), { code: "ENOTDIR" });
  }
}

async function newFile(location: string, folder: string): Promise<Finding> {
  if (await isAllowed(folder, constants.W_OK | constants.X_OK)) {
    return rows.ok("file", `${location} does not exist yet; the first server that uses it creates it.`);
  }
  return rows.failed("file", `${location} cannot be created: this user may not write in ${folder}.`, elsewhere);
}

async function existingFile(location: string, { version, newest, openTasks }: StoreReport): Promise<Finding> {
  const canWrite = await isAllowed(location, constants.R_OK | constants.W_OK);
  if (!canWrite) return rows.failed("file", `${location} cannot be written by this user.`, ownerAdvice);
  // SQLite creates its log beside the file.
  const folder = dirname(location);
  if (!(await isAllowed(folder, constants.W_OK | constants.X_OK))) {
    return rows.failed("file", `${location} cannot be written, because this user may not write in its folder.`, ownerAdvice);
  }
  const size = shownBytes((await stat(location)).size);
  const tasks = openTasks === undefined ? "" : `, ${openTasks} open ${openTasks === 1 ? "task" : "tasks"}`;
  return rows.ok("file", `${location}: ${size}, ${describeSchema(version, newest)}${tasks}.`);
}

const ownerAdvice = "Run the doctor as the user of the server. If that is this user, correct the permissions or the mount.";

function describeSchema(version: number | undefined, newest: number): string {
  if (version === undefined) return "left open by a server that was killed; the next server repairs it";
  return version === newest ? `schema ${version}` : `schema ${version}, which the next server brings to ${newest}`;
}

/** Exported for its test: a test cannot mount file systems. */
export function describeDisk({ name, kind, free }: FileSystem, { ok, warning }: Pick<Rows, "ok" | "warning">): Finding[] {
  const space =
    free >= LEAST_FREE_BYTES
      ? []
      : [warning("space", `The disk has ${shownBytes(free)} left.`, "Free some space, or name another disk in PREFETCH_STORE.")];
  return [describeKind(name, kind, free), ...space];

  function describeKind(type: string, of: FileSystem["kind"], left: number): Finding {
    if (of === "local") return ok("disk", `A local disk (${type}) with ${shownBytes(left)} left.`);
    if (of === "unknown") return ok("disk", `${shownBytes(left)} left. This system does not tell whether the disk is local.`);
    if (of === "lost") {
      const says = `The folder is on ${type}, whose files are lost with the container or the machine's memory.`;
      return warning("disk", says, "Name a folder on a disk or a volume in PREFETCH_STORE, unless the tasks may be lost.");
    }
    const says = `The folder is on ${type}, which may be a network disk. SQLite's locks are not safe there.`;
    return warning("disk", says, "Name a folder on a local disk in PREFETCH_STORE.");
  }
}

async function isAllowed(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch (error) {
    if (isSystemError(error) && ["EACCES", "EPERM", "EROFS"].includes(error.code)) return false;
    throw error;
  }
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name !== "PrefetchError" && "code" in error && typeof error.code === "string";
}

/** Such as "12 KB" or "3.4 GB". */
export function shownBytes(bytes: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const scaled = bytes / 1_000 ** power;
  return `${scaled >= 10 || power === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${units[power]}`;
}
