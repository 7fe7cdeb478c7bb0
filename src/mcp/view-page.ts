/** The page that hosts with MCP Apps show beside the answers about a task. Spec: https://modelcontextprotocol.io/extensions/apps/overview */

import { readFile } from "node:fs/promises";

export const VIEW_URI = "ui://prefetch/task";

/** In `src/` the page is that of the last build. */
const file = new URL(import.meta.url.endsWith(".ts") ? "../../dist/task-view.html" : "./task-view.html", import.meta.url);

let page: Promise<string> | undefined;

/** Reads the file at the first call, so that a server which no view asks does not read it. */
export function viewPage(): Promise<string> {
  page ??= readFile(file, "utf8").catch((error: unknown) => {
    page = undefined;
    throw error;
  });
  return page;
}
