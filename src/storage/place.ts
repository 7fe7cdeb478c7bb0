/** The place of the store in the file system: its folder is created, and a place that cannot hold a file is refused with the reason. */

import { existsSync, lstatSync, mkdirSync, readlinkSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { unusable } from "./storage-error.ts";

/** Throws when the path cannot be a store. Creates its folder, readable by the owner only. */
export function preparePlace(location: string): void {
  createFolder(dirname(resolve(location)));
  refusePlace(location);
}

/** Throws when something stands at the path that cannot be a store. Creates nothing. */
export function refusePlace(location: string): void {
  const entry = lstatSync(location, { throwIfNoEntry: false });
  if (!entry) return;
  const found = statSync(location, { throwIfNoEntry: false });
  if (!found) {
    const target = resolve(dirname(location), readlinkSync(location));
    if (!existsSync(dirname(target))) throw unusable(location, `it is a symbolic link to ${target}, whose folder does not exist`);
  } else if (found.isDirectory()) throw unusable(location, "it is a folder and not a file");
  // Opening a device or a named pipe can block, or change something outside the store.
  else if (!found.isFile()) throw unusable(location, "it is not a regular file");
}

/** Node's own recursive creation never returns below a folder that claims not to exist, such as /proc. */
function createFolder(folder: string): void {
  const missing: string[] = [];
  for (let each = folder; !existsSync(each) && dirname(each) !== each; each = dirname(each)) missing.unshift(each);
  for (const each of missing) {
    try {
      mkdirSync(each, { mode: 0o700 });
    } catch (error) {
      // Another process may have created it meanwhile.
      if (!statSync(each, { throwIfNoEntry: false })?.isDirectory()) throw error;
    }
  }
}
