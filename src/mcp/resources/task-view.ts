/** The resource `ui://prefetch/task`: the view of a task. Hosts without MCP Apps do not read it. */

import type { McpServer } from "@modelcontextprotocol/server";
import type { ToolDeps } from "../define-tool.ts";
import { VIEW_URI, viewPage } from "../view-page.ts";

const mimeType = "text/html;profile=mcp-app";
const VIEW_TTL_MS = 300_000;

/** The page needs no outside host, and the clipboard for its button that copies URLs. */
const ui = {
  csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] },
  permissions: { clipboardWrite: {} },
  prefersBorder: true,
};

export function registerTaskView(server: McpServer, { report }: Pick<ToolDeps, "report">): void {
  server.registerResource(
    "task-view",
    VIEW_URI,
    {
      title: "Prefetch task, as a page",
      description: "Shows a task while it warms: progress, URLs, quota and evidence.",
      mimeType,
      cacheHint: { ttlMs: VIEW_TTL_MS, cacheScope: "public" },
      _meta: { ui },
    },
    async (uri) => {
      try {
        return { contents: [{ uri: uri.href, mimeType, text: await viewPage(), _meta: { ui } }] };
      } catch (error) {
        report(error, `the resource ${uri.href}`);
        throw new Error("internal: the page of the view is missing; reinstall the server, or run npm run build in a clone");
      }
    },
  );
}
