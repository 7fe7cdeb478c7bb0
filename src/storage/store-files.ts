/**
 * Watches over the files of the open store: the database, its write-ahead log and the index of that log. SQLite goes on with
 * files that were deleted, replaced or cut off. The next start does not see those writes, so every use looks first.
 *
 * The descriptors stay open as long as the database: closing one would release SQLite's own locks on that file.
 * Source: https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */

import { closeSync, fstatSync, openSync, readSync, realpathSync, type Stats, statSync } from "node:fs";
import { endianness } from "node:os";
import { StoreLostError } from "./storage-error.ts";

/** Source: https://www.sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 100;
const MAGIC = "SQLite format 3\0";
/** Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log */
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Source: https://www.sqlite.org/walformat.html#the_wal_index_header */
const INDEX_HEADER_BYTES = 48;

export interface StoreFiles {
  /** Throws when the files at the store's place are not the open ones. */
  expectPresent(): void;
  /** Throws when one of the files is also cut off or overwritten. Only under the lock for writing, which keeps the log still. */
  expectIntact(): void;
  /** Call it when the database is closed. */
  close(): void;
}

export const noFiles: StoreFiles = { expectPresent: () => undefined, expectIntact: () => undefined, close: () => undefined };

interface OpenFile {
  readonly path: string;
  readonly fd: number;
  readonly stats: Stats;
}

/** Looks at the files of a database that is open and was read once, so that its log exists. */
export function watchStoreFiles(location: string): StoreFiles {
  const open: OpenFile[] = [];
  const watch = (path: string): OpenFile => {
    const fd = openSync(path, "r");
    const file = { path, fd, stats: fstatSync(fd) };
    open.push(file);
    return file;
  };
  const close = (): void => {
    for (const { fd } of open.splice(0)) closeSync(fd);
  };
  const database = watch(location);
  // SQLite keeps the log beside the file that a symbolic link leads to.
  const place = realpathSync(location);
  const hasLog = statSync(`${place}-wal`, { throwIfNoEntry: false }) && statSync(`${place}-shm`, { throwIfNoEntry: false });
  const log = hasLog && { frames: watch(`${place}-wal`), index: watch(`${place}-shm`) };
  let seen = { bytes: database.stats.size, changes: 0 };

  const expectDatabase = (): number => {
    const header = read(database, HEADER_BYTES);
    if (header.length < HEADER_BYTES) throw new StoreLostError("its file was cut off");
    if (header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw new StoreLostError("its file was overwritten");
    const pageBytes = pageBytesFrom(header.readUInt16BE(16));
    const now = { bytes: fstatSync(database.fd).size, changes: header.readUInt32BE(24) };
    // A checkpoint that is under way makes the file as long as its header says, and VACUUM makes both shorter.
    if (now.bytes < seen.bytes && now.bytes < header.readUInt32BE(28) * pageBytes) throw new StoreLostError("its file was cut off");
    if (now.changes < seen.changes) throw new StoreLostError("an older copy was written over its file");
    seen = now;
    return pageBytes;
  };

  /** The log must hold every frame that its index counts. */
  const expectLog = ({ frames, index }: NonNullable<typeof log>, pageBytes: number): void => {
    const counted = read(index, INDEX_HEADER_BYTES);
    const count = counted.length < INDEX_HEADER_BYTES ? 0 : nativeUInt32(counted, 16);
    if (count === 0) return;
    if (fstatSync(frames.fd).size < LOG_HEADER_BYTES + count * (FRAME_HEADER_BYTES + pageBytes)) {
      throw new StoreLostError("its write-ahead log was cut off");
    }
    const salts = read(frames, LOG_HEADER_BYTES).subarray(16, 24);
    if (!salts.equals(counted.subarray(32, 40))) throw new StoreLostError("its write-ahead log was overwritten");
  };

  const expectPresent = (): void => {
    for (const { path, stats } of open) {
      const found = statSync(path, { throwIfNoEntry: false });
      const name = path === location ? "its file" : `the file ${path}, which belongs to it,`;
      if (!found) throw new StoreLostError(`${name} was deleted or moved`);
      if (found.ino !== stats.ino || found.dev !== stats.dev) throw new StoreLostError(`${name} was replaced by another one`);
    }
  };

  return {
    expectPresent,
    expectIntact: () => {
      expectPresent();
      const pageBytes = expectDatabase();
      if (log) expectLog(log, pageBytes);
    },
    close,
  };
}

function read({ fd }: OpenFile, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, 0));
}

/** Two bytes cannot hold 65,536, so 1 stands for it. */
function pageBytesFrom(stored: number): number {
  return stored === 1 ? 65_536 : stored;
}

/** The index is shared memory, in the byte order of the machine. */
function nativeUInt32(bytes: Buffer, offset: number): number {
  return endianness() === "LE" ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset);
}
