/** Reads the operands of `warm`: URLs, files that list URLs, and standard input. */

import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { PrefetchError } from "../../base/errors.ts";

/** Throws `invalid_argument` for an operand that is neither a URL nor a file that can be read. */
export async function readUrls(operands: readonly string[], stdin: Readable): Promise<string[]> {
  const lists = await Promise.all(
    operands.map(async (operand) => {
      if (operand === "-") return urlsIn(await text(stdin));
      return /^[a-z][a-z\d+.-]*:\/\//i.test(operand) ? [operand] : urlsIn(await readList(operand));
    }),
  );
  return lists.flat();
}

async function readList(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${cause.code})` : "";
    throw new PrefetchError("invalid_argument", `warm: ${file} is neither a URL nor a file that can be read${code}`, {
      hint: "Nothing was sent. Pass URLs that begin with https:// or http://, the path of a file with one URL in a line, or - for standard input.",
      cause,
    });
  }
}

/** One URL in a line. Blank lines and lines that begin with # count for nothing. */
export function urlsIn(list: string): string[] {
  return list
    .replace(/^\ufeff/, "")
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
