/**
 * Proves the import rules of biome.json: a scratch copy of the tree has one probe per room, which imports allowed and
 * forbidden modules, and Biome must refuse just the forbidden ones.
 */

import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

interface Probe {
  /** Where the probe stands. */
  readonly file: string;
  readonly allowed: readonly string[];
  readonly forbidden: readonly string[];
}

const probes: readonly Probe[] = [
  {
    file: "src/base/probe.ts",
    allowed: ["./clock.ts", "pino", "node:util"],
    forbidden: ["../telemetry/log.ts", "../prefetch/model/task.ts", "../app/app.ts"],
  },
  {
    file: "src/telemetry/probe.ts",
    allowed: ["./log.ts", "../base/errors.ts", "pino"],
    forbidden: ["../prefetch/model/task.ts", "../providers/index.ts", "../mcp/server.ts"],
  },
  {
    file: "src/prefetch/model/probe.ts",
    allowed: ["./task.ts", "../../base/errors.ts"],
    forbidden: ["../admission/admit.ts", "../calls/service.ts", "../../telemetry/log.ts", "../../storage/sql.ts", "node:timers", "undici"],
  },
  {
    file: "src/prefetch/admission/probe.ts",
    allowed: ["./admit.ts", "../model/task.ts", "../../base/errors.ts"],
    forbidden: ["../delivery/worker.ts", "../tracking/follow.ts", "../calls/service.ts", "../../providers/index.ts", "keyv"],
  },
  {
    file: "src/prefetch/delivery/probe.ts",
    allowed: ["./worker.ts", "../model/task.ts", "../admission/allowance.ts", "../../base/errors.ts"],
    forbidden: ["../admission/admit.ts", "../tracking/follow.ts", "../calls/service.ts", "../../storage/sql.ts", "node:sqlite"],
  },
  {
    file: "src/prefetch/tracking/probe.ts",
    allowed: ["./follow.ts", "../model/task.ts", "../../base/errors.ts"],
    forbidden: ["../delivery/worker.ts", "../admission/admit.ts", "../calls/service.ts", "../../mcp/server.ts"],
  },
  {
    file: "src/prefetch/calls/probe.ts",
    allowed: ["./service.ts", "../model/task.ts", "../admission/admit.ts", "../delivery/worker.ts", "../tracking/follow.ts"],
    forbidden: ["../../mcp/server.ts", "../../providers/index.ts", "../../media/stream.ts", "zod", "@modelcontextprotocol/server"],
  },
  {
    file: "src/documents/probe.ts",
    allowed: ["./decode.ts", "../prefetch/model/edge.ts", "../base/errors.ts", "sax", "node:zlib"],
    forbidden: [
      "../media/stream.ts",
      "../sitemaps/sitemap.ts",
      "../prefetch/admission/admit.ts",
      "../telemetry/log.ts",
      "undici",
      "node:fs",
    ],
  },
  {
    file: "src/documents/thread/probe.ts",
    allowed: ["./protocol.ts", "../decode.ts", "../../prefetch/model/edge.ts", "../../base/thread.ts", "zod"],
    forbidden: ["../../media/stream.ts", "../../telemetry/log.ts", "../../app/app.ts", "node:worker_threads"],
  },
  {
    file: "src/media/probe.ts",
    allowed: ["./stream.ts", "./hls/playlist.ts", "../documents/decode.ts", "../prefetch/model/stream.ts", "../base/errors.ts"],
    forbidden: ["../prefetch/admission/admit.ts", "../sitemaps/sitemap.ts", "../telemetry/log.ts", "undici", "node:fs"],
  },
  {
    file: "src/media/thread/probe.ts",
    allowed: ["./stream-reader.ts", "../stream.ts", "../../documents/thread/protocol.ts", "../../base/thread.ts", "zod"],
    forbidden: ["../../prefetch/admission/admit.ts", "../../telemetry/log.ts", "../../app/app.ts", "node:worker_threads"],
  },
  {
    file: "src/media/dash/probe.ts",
    allowed: ["./mpd.ts", "../manifest.ts", "../../documents/xml.ts", "../../base/errors.ts"],
    forbidden: ["../../prefetch/calls/service.ts", "../../storage/sql.ts", "node:fs", "sax"],
  },
  {
    file: "src/sitemaps/probe.ts",
    allowed: ["./sitemap.ts", "../documents/decode.ts", "../prefetch/model/sitemap.ts", "../base/errors.ts"],
    forbidden: ["../media/stream.ts", "../prefetch/admission/admit.ts", "../telemetry/log.ts", "undici", "node:fs"],
  },
  {
    file: "src/sitemaps/thread/probe.ts",
    allowed: ["./sitemap-reader.ts", "../sitemap.ts", "../../documents/thread/protocol.ts", "../../base/thread.ts", "zod"],
    forbidden: ["../../media/stream.ts", "../../telemetry/log.ts", "../../app/app.ts", "node:worker_threads"],
  },
  {
    file: "src/storage/probe.ts",
    allowed: ["./sql.ts", "../prefetch/model/storage.ts", "../base/errors.ts", "node:sqlite"],
    forbidden: [
      "../prefetch/admission/admit.ts",
      "../prefetch/calls/service.ts",
      "../telemetry/log.ts",
      "../providers/index.ts",
      "../mcp/server.ts",
    ],
  },
  {
    file: "src/storage/thread/probe.ts",
    allowed: ["./messages.ts", "../sqlite.ts", "../../prefetch/model/storage.ts", "../../base/errors.ts", "zod", "node:worker_threads"],
    forbidden: ["../../prefetch/admission/admit.ts", "../../telemetry/log.ts", "../../app/app.ts", "../../providers/index.ts"],
  },
  {
    file: "src/storage/postgres/probe.ts",
    allowed: ["./translate.ts", "../steps.ts", "../../prefetch/model/storage.ts", "../../base/errors.ts", "pg"],
    forbidden: ["../../prefetch/admission/admit.ts", "../../telemetry/log.ts", "../../app/app.ts", "../thread/thread.ts"],
  },
  {
    file: "src/providers/probe.ts",
    allowed: ["./definition.ts", "./huawei/definition.ts", "../prefetch/model/provider.ts"],
    forbidden: ["../storage/sql.ts", "../mcp/server.ts", "../media/stream.ts", "../prefetch/calls/service.ts", "../cli/config.ts"],
  },
  {
    file: "src/providers/kit/probe.ts",
    allowed: ["./http-client.ts", "../definition.ts", "../../telemetry/observer.ts", "../../prefetch/model/provider.ts", "undici"],
    forbidden: ["../huawei/vod.ts", "../http/http.ts", "../../sandbox/index.ts", "../../prefetch/delivery/worker.ts"],
  },
  {
    file: "src/providers/huawei/probe.ts",
    allowed: ["./vod.ts", "../kit/http-client.ts", "../definition.ts", "../../base/errors.ts", "../../prefetch/model/provider.ts"],
    forbidden: ["../alibaba/vod.ts", "../http/http.ts", "../index.ts", "../../sandbox/index.ts", "../../prefetch/admission/admit.ts"],
  },
  {
    file: "src/providers/http/warm/probe.ts",
    allowed: ["./fetcher.ts", "../limits.ts", "../cache/verdict.ts", "../../kit/http-client.ts", "../../../prefetch/model/provider.ts"],
    forbidden: ["../../huawei/vod.ts", "../../../media/stream.ts", "../../../prefetch/calls/service.ts", "../../../storage/sql.ts"],
  },
  {
    file: "src/providers/http/cache/vendors/probe.ts",
    allowed: ["./cloudflare.ts", "../vendor.ts"],
    forbidden: ["../../warm/fetcher.ts", "../../../kit/http-client.ts", "../../../../base/errors.ts"],
  },
  {
    file: "src/mcp/probe.ts",
    allowed: ["./server.ts", "../prefetch/calls/service.ts", "../prefetch/model/task.ts", "../telemetry/observer.ts", "zod"],
    forbidden: [
      "../prefetch/admission/admit.ts",
      "../prefetch/delivery/worker.ts",
      "../providers/index.ts",
      "../transports/stdio.ts",
      "../app/app.ts",
    ],
  },
  {
    file: "src/mcp/tools/probe.ts",
    allowed: ["../server.ts", "./prefetch-urls.ts", "../../prefetch/calls/view.ts", "../../base/errors.ts"],
    forbidden: ["../../prefetch/tracking/follow.ts", "../../storage/sql.ts", "../../sandbox/index.ts"],
  },
  {
    file: "src/transports/probe.ts",
    allowed: ["./served-app.ts", "../mcp/caller.ts", "../mcp/subscriptions.ts", "../base/errors.ts", "../prefetch/model/task.ts"],
    forbidden: ["../app/app.ts", "../mcp/server.ts", "../prefetch/calls/service.ts", "../providers/index.ts", "../cli/config.ts"],
  },
  {
    file: "src/transports/http/probe.ts",
    allowed: ["./server.ts", "../served-app.ts", "../auth/authenticate.ts", "../../mcp/caller.ts", "../../telemetry/observer.ts"],
    forbidden: [
      "../../app/app.ts",
      "../../mcp/define-tool.ts",
      "../../mcp/tools/prefetch-urls.ts",
      "../../sandbox/index.ts",
      "../../storage/sql.ts",
    ],
  },
  {
    file: "src/sandbox/probe.ts",
    allowed: ["./routes.ts", "../base/errors.ts"],
    forbidden: ["../providers/index.ts", "../prefetch/model/provider.ts", "../media/stream.ts", "../app/app.ts"],
  },
  {
    file: "src/sandbox/huawei/probe.ts",
    allowed: ["./vod.ts", "../server/server.ts", "../../base/errors.ts"],
    forbidden: ["../../providers/huawei/sign.ts", "../../providers/kit/canonical.ts", "../../prefetch/model/provider.ts"],
  },
  {
    file: "src/view/probe.ts",
    allowed: ["./surface.ts", "./parts/page.ts", "./host/host.ts"],
    forbidden: ["../mcp/result.ts", "../base/errors.ts", "../prefetch/model/task.ts", "zod", "node:fs"],
  },
  {
    file: "src/view/answers/probe.ts",
    allowed: ["./task.ts"],
    forbidden: ["../state/view-state.ts", "../parts/page.ts", "../../mcp/result.ts", "zod"],
  },
  ...["host", "state", "words"].map((folder) => ({
    file: `src/view/${folder}/probe.ts`,
    allowed: ["./neighbour.ts", "../answers/task.ts"],
    forbidden: ["../follow/follower.ts", "../parts/page.ts", "../../base/errors.ts", "zod"],
  })),
  {
    file: "src/view/follow/probe.ts",
    allowed: ["./pace.ts", "../answers/task.ts", "../state/view-state.ts"],
    forbidden: ["../words/words.ts", "../parts/page.ts", "../host/host.ts", "../../base/errors.ts", "zod"],
  },
  {
    file: "src/view/parts/probe.ts",
    allowed: ["./page.ts", "../answers/task.ts", "../follow/follower.ts", "../state/view-state.ts", "../words/words.ts"],
    forbidden: ["../host/host.ts", "../main.ts", "../../base/errors.ts", "zod"],
  },
  {
    file: "src/app/probe.ts",
    allowed: [
      "./config.ts",
      "../prefetch/calls/service.ts",
      "../providers/index.ts",
      "../storage/thread/thread-storage.ts",
      "../sandbox/index.ts",
      "../mcp/server.ts",
    ],
    forbidden: [
      "../cli/config.ts",
      "../transports/stdio.ts",
      "../transports/http/server.ts",
      "../providers/huawei/vod.ts",
      "../mcp/tools/prefetch-urls.ts",
    ],
  },
];

const report = z.object({
  diagnostics: z.array(z.object({ category: z.string(), location: z.object({ path: z.string(), start: z.object({ line: z.number() }) }) })),
});

const root = join(import.meta.dirname, "../..");
/** Rule and line of each finding, by file. */
const findings = new Map<string, { rule: string; line: number }[]>();
let scratch: string;

async function write(file: string, specifiers: readonly string[]): Promise<void> {
  const path = join(scratch, file);
  await mkdir(dirname(path), { recursive: true });
  const imports = specifiers.map((specifier) => `import "${specifier}";\n`);
  await writeFile(path, [...imports, "export const probe = 0;\n"].join(""));
}

function lint(): Promise<string> {
  // Windows starts no scripts of node_modules/.bin without a shell.
  const args = [join(root, "node_modules/@biomejs/biome/bin/biome"), "lint", "--reporter=json", "--max-diagnostics=none", "."];
  // Biome exits with 1 for findings, which are the point here.
  return new Promise((resolve) => execFile(process.execPath, args, { cwd: scratch, maxBuffer: 2 ** 24 }, (_, stdout) => resolve(stdout)));
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "import-rules-"));
  await copyFile(join(root, "biome.json"), join(scratch, "biome.json"));
  for (const { file, allowed, forbidden } of probes) await write(file, [...allowed, ...forbidden]);
  await write("src/prefetch/model/cycle-a.ts", ["./cycle-b.ts"]);
  await write("src/prefetch/model/cycle-b.ts", ["./cycle-a.ts"]);
  await mkdir(join(scratch, "src/storage"), { recursive: true });
  await writeFile(join(scratch, "src/storage/types-a.ts"), 'import type { B } from "./types-b.ts";\nexport type A = B | 1;\n');
  await writeFile(join(scratch, "src/storage/types-b.ts"), 'import type { A } from "./types-a.ts";\nexport type B = A | 2;\n');
  for (const { category, location } of report.parse(JSON.parse(await lint())).diagnostics) {
    findings.set(location.path, [...(findings.get(location.path) ?? []), { rule: category, line: location.start.line }]);
  }
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

function refusedLines(file: string): number[] {
  return (findings.get(file) ?? [])
    .flatMap(({ rule, line }) => (rule === "lint/style/noRestrictedImports" ? [line] : []))
    .sort((a, b) => a - b);
}

describe("import rules", () => {
  it.each(probes)("refuses just the forbidden imports in $file", ({ file, allowed, forbidden }) => {
    expect(refusedLines(file)).toEqual(forbidden.map((_, index) => allowed.length + index + 1));
  });

  it.each(["src/prefetch/model/cycle-a.ts", "src/storage/types-a.ts"])("refuses an import cycle in %s", (file) => {
    expect(findings.get(file)?.map(({ rule }) => rule)).toContain("lint/suspicious/noImportCycles");
  });

  it("has a probe in every folder of src when the tree grows", async () => {
    const folders = (await readdir(join(root, "src"), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => entry.parentPath.slice(root.length + 1))
      // Siblings share their rules.
      .map((folder) => folder.replace(/^src\/media\/hls$/, "src/media/dash").replace(/^src\/mcp\/(prompts|resources)$/, "src/mcp/tools"))
      .map((folder) => folder.replace(/^src\/providers\/(alibaba|tencent|volcengine)$/, "src/providers/huawei"))
      .map((folder) => folder.replace(/^src\/providers\/http$/, "src/providers/huawei"))
      .map((folder) => folder.replace(/^src\/providers\/http\/(probe|net|cache)$/, "src/providers/http/warm"))
      .map((folder) => folder.replace(/^src\/transports\/auth$/, "src/transports/http"))
      .map((folder) => folder.replace(/^src\/sandbox\/(alibaba|tencent|volcengine|edge|server)$/, "src/sandbox/huawei"));
    // `main.ts` and `cli/` and its commands are the way in and may import every room.
    const unprobed = new Set(folders.filter((folder) => folder !== "src" && !/^src\/cli(\/|$)/.test(folder)));
    for (const { file } of probes) unprobed.delete(dirname(file));
    expect([...unprobed]).toEqual([]);
  });
});
