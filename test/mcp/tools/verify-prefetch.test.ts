/** Calls the tool through a real client and server; the domain runs on a fake edge. */

import { Client, InMemoryTransport } from "@modelcontextprotocol/client";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createForeignText } from "../../../src/base/foreign-text.ts";
import { createSecrets } from "../../../src/base/secrets.ts";
import { createConfirmations } from "../../../src/mcp/confirmations.ts";
import { prepareServers } from "../../../src/mcp/server.ts";
import { silentObserver } from "../../../src/telemetry/observer.ts";
import { cdn, type EdgeScript, fakeEdge, row } from "../../fakes/edge.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { neverAborted } from "../../fakes/signal.ts";
import { startService } from "../../prefetch/calls/service-harness.ts";

const answer = z.object({
  isError: z.boolean().default(false),
  content: z.array(z.object({ text: z.string() })).length(1),
  structuredContent: z.unknown().optional(),
});

async function setUp(script: EdgeScript = {}) {
  const edge = fakeEdge(script);
  const harness = await startService({ script: { edge } });
  const { factory } = prepareServers({
    service: harness.service,
    providers: {
      known: ["fake-cdn"],
      configured: ["fake-cdn"],
      fallbacks: [],
      refreshing: [],
      assetTakers: [],
      purposes: new Map(),
      routes: [],
    },
    notice: undefined,
    clock: harness.clock,
    confirmations: createConfirmations({
      key: "k".repeat(32),
      areAsked: false,
      draining: neverAborted,
      onRefused: (reason) => harness.reports.push(reason),
    }),
    report: (error) => harness.reports.push(String(error)),
    observer: silentObserver,
    foreign: createForeignText(createSecrets()),
    breathe: () => undefined,
    version: "0.0.0",
    subscribable: false,
    describeProviders: async () => [],
  });
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const server = serveStdio(factory, { transport: theirs });
  const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(ours);
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  // The client validates results against the schemas that it lists.
  await client.listTools();
  const verify = async (args: Record<string, unknown>) => {
    const { isError, content, structuredContent } = answer.parse(await client.callTool({ name: "verify_prefetch", arguments: args }));
    return { isError, text: content[0]?.text ?? "", structured: structuredContent };
  };
  return { ...harness, edge, verify };
}

describe("verify_prefetch", () => {
  it("returns every known fact of a row and leaves unknown ones out", async () => {
    const { verify } = await setUp({
      found: (url, nth) => [
        nth === 0
          ? row(url)
          : row(url, {
              state: "uncacheable",
              reason: "It sets a cookie.",
              obstacles: [{ code: "set-cookie", reason: "Answers with cookies are not shared.", change: "Set none." }],
              evidence: ["set-cookie: a=…"],
              edge: "pop-1",
              variant: "variant 2 (accept)",
              status: 200,
              cdn: cdn(),
              layer: "edge",
              pop: "FRA",
              ageS: 7,
              ttlS: 60,
              firstByteMs: 12,
            }),
      ],
    });
    const urls = manyUrls(2);
    const { structured, text } = await verify({ urls: JSON.stringify(urls) });
    expect(structured).toEqual({
      counts: { warm: 1, "warm-parent-only": 0, cold: 0, uncacheable: 1, unknown: 0 },
      results: [
        { url: urls[0], state: "warm", reason: "The edge had it." },
        {
          url: urls[1],
          state: "uncacheable",
          reason: "It sets a cookie.",
          obstacles: [{ code: "set-cookie", reason: "Answers with cookies are not shared.", change: "Set none." }],
          evidence: ["set-cookie: a=…"],
          edge: "pop-1",
          variant: "variant 2 (accept)",
          status: 200,
          cdn: "Fake CDN",
          layer: "edge",
          pop: "FRA",
          age_s: 7,
          ttl_s: 60,
          first_byte_ms: 12,
        },
      ],
      cdns: [{ host: "media.example.com", cdn: "Fake CDN", confidence: "certain", by: "headers", provider: "fake-cdn", configured: true }],
      next_step: "1 cannot be warm as they are served: change what obstacles say first.",
    });
    expect(text).toMatch(/^2 checked: 1 warm, 1 uncacheable\. 1 cannot be warm as they are served: [^\n]*\n\n\{"counts":/);
  });

  it("returns a task's URLs in pages that next_cursor links", async () => {
    const { urls, verify } = await setUp();
    const { taskId } = await urls(manyUrls(60));
    const page = z.object({ results: z.array(z.unknown()), next_cursor: z.string().optional() });
    const first = page.parse((await verify({ task_id: taskId, detail: "all" })).structured);
    const second = page.parse((await verify({ task_id: taskId, cursor: first.next_cursor, detail: "all" })).structured);
    expect([first.results.length, second.results.length, second.next_cursor]).toEqual([50, 10, undefined]);
  });

  it("takes fewer than 1,500 characters for twenty warm URLs, and names each one when it is asked to", async () => {
    const found = (url: string) => [
      row(url, {
        cdn: cdn({ name: "Example CDN" }),
        reason: "Example CDN served it from the edge's cache (FRA, stored 4711 s ago).",
        evidence: ["x-cache: HIT from FRA-1", "age: 4711"],
        status: 200,
        layer: "edge",
        pop: "FRA",
        ageS: 4_711,
        ttlS: 86_400,
        firstByteMs: 12.5,
      }),
    ];
    const { verify } = await setUp({ found });
    const urls = manyUrls(20, "https://media.example.com/releases/2026-11-29/season-1/");
    const { text, structured } = await verify({ urls });
    expect(text.length).toBeLessThan(1_500);
    expect(structured).toMatchObject({ counts: { warm: 20 }, next_step: expect.stringContaining("Every URL is warm.") });
    const all = await verify({ urls, detail: "all" });
    for (const url of urls) expect(all.text).toContain(`"${url}"`);
  });

  it.each<readonly [string, Record<string, unknown>, RegExp]>([
    ["no argument", {}, /^invalid_argument: task_id, urls: pass just one of them\. Nothing was checked\./],
    ["a task and URLs", { task_id: "pf_1", urls: ["https://a.example/1"] }, /task_id, urls: pass just one of them/],
    ["a task, URLs and a cursor", { task_id: "pf_1", urls: [], cursor: "x" }, /task_id, urls: pass just one of them/],
    ["a cursor alone", { cursor: "x" }, /task_id, urls: pass just one of them/],
    ["URLs with a cursor", { urls: ["https://a.example/1"], cursor: "x" }, /cursor: goes with task_id only/],
    ["an empty list", { urls: [] }, /urls: the list is empty/],
    ["a bare URL", { urls: "https://a.example/1" }, /urls: must be an array of URLs/],
    ["a wrong argument name", { url: "https://a.example/1" }, /verify_prefetch has no such argument; use urls/],
    ["a provider", { urls: ["https://a.example/1"], provider: "http" }, /provider: .*this tool asks the edge itself/],
    ["a task id that is a number", { task_id: 7 }, /task_id: must be a task id, pf_…/],
    ["an unknown task", { task_id: "pf_none" }, /^not_found: task_id: there is no task pf_none/],
  ])("explains the mistake and sends no request when it gets %s", async (_, args, text) => {
    const { verify, edge, reports } = await setUp();
    expect(await verify(args)).toEqual({ isError: true, text: expect.stringMatching(text), structured: undefined });
    expect([edge.verified, reports]).toEqual([[], []]);
  });
});
