/** The page of the view as hosts read it from the built server. */

import { createHash } from "node:crypto";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { viewPage } from "../../../src/mcp/view-page.ts";
import { baseEnv, bin } from "../harness/clients-harness.ts";

/** Hosts load it into each answer. A larger page shows later. */
const LARGEST_PAGE = 80_000;

describe("the resource ui://prefetch/task", () => {
  const client = new Client({ name: "host", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  let html = "";
  beforeAll(async () => {
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [bin, "--sandbox"], env: baseEnv, stderr: "ignore" }));
    const [content] = (await client.readResource({ uri: "ui://prefetch/task" })).contents;
    html = content && "text" in content ? content.text : "";
  });
  afterAll(() => client.close());

  it("is linked by the tools whose answers are about a task, and by no other", async () => {
    const { tools } = await client.listTools();
    const linked = tools.filter(({ _meta }) => JSON.stringify(_meta) === '{"ui":{"resourceUri":"ui://prefetch/task"}}');
    expect(linked.map(({ name }) => name)).toEqual(["prefetch_asset", "prefetch_urls", "get_prefetch_status", "verify_prefetch"]);
    expect(tools.filter(({ _meta }) => _meta)).toEqual(linked);
  });

  it("asks hosts for a border and the clipboard, and for no outside domain", async () => {
    const { contents } = await client.readResource({ uri: "ui://prefetch/task" });
    expect(contents).toMatchObject([
      {
        mimeType: "text/html;profile=mcp-app",
        _meta: {
          ui: {
            csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] },
            permissions: { clipboardWrite: {} },
            prefersBorder: true,
          },
        },
      },
    ]);
  });

  it("is one page of bounded size that names no address and writes no markup", () => {
    expect(html.length).toBeGreaterThan(20_000);
    expect(html.length).toBeLessThan(LARGEST_PAGE);
    expect(html.match(/https?:\/\/[^"'` ]*/g) ?? []).toEqual([]);
    expect(html.match(/<(?:link|img|iframe|script [^>]*src|base)|url\(|@import/g) ?? []).toEqual([]);
    expect(
      html.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function/g) ?? [],
    ).toEqual([]);
  });

  it("has a policy that lets its own script and style run, by their hashes, and nothing else", () => {
    const hashOf = (tag: string) => {
      const [, text = ""] = new RegExp(`<${tag}>(.*?)</${tag}>`, "s").exec(html) ?? [];
      return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    };
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `script-src ${hashOf("script")}`,
      `style-src ${hashOf("style")}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it("is the same page for a server that runs from its sources", async () => {
    expect(await viewPage()).toBe(html);
  });
});
