/** The file system that a folder is on: whether it can hold a store, which needs locks and shared memory between processes. */

import { statfs } from "node:fs/promises";

/**
 * `local`: a disk of this machine. `remote`: a network or a program behind it, on which SQLite's locks may fail. `lost`: its files
 * go with the machine's memory or with the container. `unknown`: a type that this program does not know.
 */
export type FileSystemKind = "local" | "remote" | "lost" | "unknown";

export interface FileSystem {
  /** Such as "NFS". */
  readonly name: string;
  readonly kind: FileSystemKind;
  /** Bytes that this user may still write. */
  readonly free: number;
}

/** By `f_type`. https://man7.org/linux/man-pages/man2/statfs.2.html */
const linuxTypes: ReadonlyMap<number, readonly [name: string, kind: FileSystemKind]> = new Map([
  [0xef53, ["ext", "local"]],
  [0x58465342, ["XFS", "local"]],
  [0x9123683e, ["Btrfs", "local"]],
  [0xf2f52010, ["F2FS", "local"]],
  [0x2fc12fc1, ["ZFS", "local"]],
  [0x7366746e, ["NTFS", "local"]],
  [0x6969, ["NFS", "remote"]],
  [0xff534d42, ["CIFS", "remote"]],
  [0xfe534d42, ["SMB", "remote"]],
  [0x517b, ["SMB", "remote"]],
  [0x65735546, ["FUSE", "remote"]],
  [0x01021997, ["9P", "remote"]],
  [0x00c36400, ["Ceph", "remote"]],
  [0x0bd00bd0, ["Lustre", "remote"]],
  [0x5346414f, ["AFS", "remote"]],
  [0x786f4256, ["VirtualBox", "remote"]],
  [0x01021994, ["tmpfs", "lost"]],
  [0x858458f6, ["ramfs", "lost"]],
  [0x794c7630, ["overlay", "lost"]],
]);

/** Types have these numbers on Linux only. Throws the error of the system. */
export async function fileSystemOf(folder: string): Promise<FileSystem> {
  const { type, bavail, bsize } = await statfs(folder);
  return { ...describeType(process.platform === "linux" ? type : undefined), free: bavail * bsize };
}

/** `type` is negative where the system gives a signed number. `undefined`: the platform has no types. */
export function describeType(type: number | undefined): Pick<FileSystem, "name" | "kind"> {
  const [name, kind] = (type === undefined ? undefined : linuxTypes.get(type >>> 0)) ?? ["unknown", "unknown"];
  return { name, kind };
}
