/** Warming without a vendor: the built server in front of a real, caching nginx, and after its own death. */

import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "vitest";
import { z } from "zod";
import { verifyOutput } from "../../../src/mcp/tools/verify-prefetch.ts";
import { findNginx, startNginx } from "../../providers/http/nginx-harness.ts";
import { malformed, malformedBodies, PEER_SECRET, startRawEdge } from "../../providers/http/raw-edge-harness.ts";
import { modernSession, sessions, taskOf } from "../harness/clients-harness.ts";

const verifiedOf = (answer: { readonly structured: unknown }) => z.object(verifyOutput).parse(answer.structured);
const env = { PREFETCH_STORE: "memory:", PREFETCH_HTTP_ALLOW_LOOPBACK: "1" };

const program = findNginx();
if (program === undefined) {
  if (process.env.CI === "true") throw new Error("there is no nginx here");
  process.stderr.write("http-provider.test.ts: the part about nginx is skipped, because there is no nginx here\n");
}

const playlist = (names: readonly string[]) => ["#EXTM3U", "#EXT-X-TARGETDURATION:6", ...names.flatMap((name) => ["#EXTINF:6,", name])];

describe.skipIf(program === undefined)("nginx as the CDN", () => {
  it.concurrent.for(sessions)("is warmed, and verified as warm (%s)", async ([, start], { expect, onTestFinished }) => {
    const segments = Array.from({ length: 12 }, (_, nth) => `s${nth}.ts`);
    const nginx = await startNginx(program ?? "", ({ url = "" }, response) => {
      if (url.includes("missing")) return void response.writeHead(404).end();
      const kept = { "cache-control": url.includes("private") ? "private" : "max-age=60" };
      if (url.endsWith(".m3u8")) return void response.writeHead(200, kept).end([...playlist(segments), "#EXT-X-ENDLIST"].join("\n"));
      response.writeHead(200, kept).end(Buffer.alloc(100_000));
    });
    onTestFinished(() => nginx.stop());
    const session = await start({ env });
    onTestFinished(() => session.close());
    const url = (path: string) => `http://127.0.0.1:${nginx.port}/${path}`;

    // A playlist counts as itself and the segments of its first 30 seconds.
    const urls = [url("film.m3u8"), url("a.mp4"), url("missing.mp4"), url("private.mp4")];
    const plan = taskOf(await session.call("prefetch_urls", { urls, expand: "streams", dry_run: true }));
    expect(plan).toMatchObject({ cost: 0, counts: { planned: 9 }, streams: [{ kind: "hls", urls: 6, live: false }] });
    const task = taskOf(await session.call("prefetch_urls", { urls, expand: "streams", wait_seconds: 30 }));
    expect(task).toMatchObject({ state: "partial", counts: { total: 9, succeeded: 7, failed: 2 }, providers: ["http"] });
    expect(task.bytes).toBeGreaterThan(700_000);
    expect(task.problems.map(({ url: bad, code }) => [new URL(bad ?? "").pathname, code])).toEqual([
      ["/missing.mp4", "not_found"],
      ["/private.mp4", "uncacheable"],
    ]);
    const fetched = nginx.fetched.length;
    const kept = nginx.fetched.filter((line) => /GET \/(s\d|a|film)/.test(line));
    expect(kept).toHaveLength(7);

    const proof = verifiedOf(await session.call("verify_prefetch", { task_id: task.task_id, detail: "all" }));
    expect(proof.counts).toMatchObject({ warm: 7, uncacheable: 2, cold: 0, unknown: 0 });
    expect(proof.results.find((row) => row.url === url("a.mp4"))).toMatchObject({ state: "warm", evidence: ["x-cache-status: HIT"] });
    expect(proof.results.find((row) => row.url === url("private.mp4"))?.obstacles?.[0]).toMatchObject({ code: "private" });
    // Neither verifying nor warming again fetches cached files from the origin.
    const again = taskOf(await session.call("prefetch_urls", { urls: urls.slice(0, 2), expand: "streams", force: true, wait_seconds: 30 }));
    expect(again.counts).toMatchObject({ total: 7, succeeded: 7 });
    expect(again.next_step).toMatch(/A prefetch does not replace a copy that is still valid: .* verify_prefetch names/);
    const rows = taskOf(await session.call("get_prefetch_status", { task_id: again.task_id, detail: "all" })).items ?? [];
    expect(rows.every(({ reason }) => reason?.includes("already in the cache"))).toBe(true);
    expect(nginx.fetched.slice(fetched).filter((line) => !/missing|private/.test(line))).toEqual([]);
  });
});

it.concurrent("a successor resumes a killed server's task and fetches no recorded URL twice", { timeout: 60_000 }, async ({
  expect,
  onTestFinished,
}) => {
  const asked = new Map<string, number>();
  let slow = true;
  const origin = createServer(({ url = "" }, response) => {
    asked.set(url, (asked.get(url) ?? 0) + 1);
    response.writeHead(200, { "cache-control": "max-age=60" });
    // The second half is held back until the first server is dead.
    if (slow && Number(url.slice(1)) >= 50) response.write("x");
    else response.end("x".repeat(1_000));
  });
  await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    origin.closeAllConnections();
    origin.close();
  });
  const { port } = origin.address() as AddressInfo;
  const store = join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite");
  const durable = { ...env, PREFETCH_STORE: `sqlite:${store}` };
  const first = await modernSession({ env: durable });
  const urls = Array.from({ length: 100 }, (_, nth) => `http://127.0.0.1:${port}/${nth}`);
  const begun = taskOf(await first.call("prefetch_urls", { urls }));
  // The server writes outcomes to the store every second.
  const status = async () => taskOf(await first.call("get_prefetch_status", { task_id: begun.task_id }));
  await expect.poll(status).toMatchObject({ state: "running", counts: { succeeded: 50, queued: 50 } });
  process.kill(first.pid ?? 0, "SIGKILL");
  slow = false;

  const second = await modernSession({ env: durable });
  onTestFinished(() => second.close());
  // The test ends the dead process's lease by hand instead of waiting for it.
  const db = new DatabaseSync(store);
  db.exec("PRAGMA busy_timeout = 5000; UPDATE batches SET lease_until = 1 WHERE lease_until IS NOT NULL");
  db.close();
  const ended = taskOf(await second.call("get_prefetch_status", { task_id: begun.task_id, wait_seconds: 30 }));
  expect(ended).toMatchObject({ state: "succeeded", counts: { total: 100, succeeded: 100 } });
  expect([...asked].filter(([path, times]) => Number(path.slice(1)) < 50 && times > 1)).toEqual([]);
  expect(asked.size).toBe(100);
});

it("keeps the bytes of malformed answers out of its log and its results", { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
  const answers = Object.values({ ...malformed, ...malformedBodies });
  const edge = await startRawEdge((socket, path) => {
    const answer = answers[Number(path.slice("/bad".length))];
    if (answer === undefined) socket.write("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok");
    else socket.end(Buffer.from(answer, "latin1"));
  });
  const log: string[] = [];
  const session = await modernSession({ env: { ...env, PREFETCH_LOG_LEVEL: "trace" }, onStderr: (text) => log.push(text) });
  onTestFinished(() => session.close());
  const good = answers.map((_, nth) => edge.url(`/good${nth}`));
  const bad = answers.map((_, nth) => edge.url(`/bad${nth}`));

  const warmed = await session.call("prefetch_urls", { urls: [...good, ...bad], wait_seconds: 30 });
  const { counts, state } = taskOf(warmed);
  expect({ state, counts }).toMatchObject({ state: "partial", counts: { succeeded: good.length, failed: bad.length } });
  expect(edge.asked.filter((request) => request.includes("/bad"))).toHaveLength(2 * bad.length);
  const checked = await session.call("verify_prefetch", { urls: bad });
  // The answer to a HEAD request ends before a malformed body.
  expect(verifiedOf(checked).counts).toMatchObject({ unknown: Object.keys(malformed).length });
  const stream = await session.call("prefetch_urls", { urls: [edge.url("/bad0")], expand: "streams", dry_run: true });
  for (const answer of [warmed, checked, stream]) expect(JSON.stringify(answer)).not.toContain(PEER_SECRET);
  await session.close();
  expect(log.join("")).not.toContain(PEER_SECRET);
  expect(log.join("")).not.toContain("unexpected error");
});
