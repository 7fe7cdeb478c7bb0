/** Signed URLs hold an access key id, often that of the server itself. An id is no secret: such a URL is warmed and named as it is. */

import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { startServer } from "../harness/http-server-harness.ts";
import { call, type Reply, send, structuredOf } from "../harness/raw-http-harness.ts";
import { startEcho } from "./echo-harness.ts";

const alibabaId = "LTAI5tFakeKeyForTests001";
const huaweiId = "HPUAFAKEKEYFORTESTS1";
const secret = "fakeAccessKeySecretForTests001";

const taskOf = (reply: Reply) => z.object({ task_id: z.string() }).parse(structuredOf(reply)).task_id;

async function start() {
  const echo = await startEcho();
  onTestFinished(() => echo.close());
  const store = mkdtempSync(join(tmpdir(), "key-ids-"));
  const server = await startServer(
    {
      PREFETCH_STORE: `sqlite:${join(store, "prefetch.sqlite")}`,
      ALIBABA_CLOUD_ACCESS_KEY_ID: alibabaId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret,
      PREFETCH_ALIBABA_VOD_ENDPOINT: echo.origin,
      PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: echo.origin,
      HUAWEICLOUD_SDK_AK: huaweiId,
      HUAWEICLOUD_SDK_SK: secret,
      HUAWEICLOUD_SDK_PROJECT_ID: "0123456789abcdef0123456789abcdef",
      PREFETCH_HUAWEI_VOD_ENDPOINT: echo.origin,
      PREFETCH_HTTP_ALLOW_LOOPBACK: "1",
      PREFETCH_POLL_SECONDS: "0",
      PREFETCH_LOG_LEVEL: "trace",
    },
    [],
  );
  return { echo, server, store };
}

it.each([
  ["http", `OSSAccessKeyId=${alibabaId}&Expires=1&Signature=a%2Fb%3D`],
  ["alibaba-vod", `OSSAccessKeyId=${alibabaId}&Expires=1&Signature=a%2Fb%3D`],
  ["huawei-vod", `X-Amz-Credential=${huaweiId}%2F20261129%2Fcn-north-4%2Fs3&X-Amz-Signature=ab`],
])("a signed URL with the server's access key id is sent, stored and named unchanged with %s", async (provider, query) => {
  const { echo, server, store } = await start();
  const url = `${echo.origin}/${provider}/a.mp4?${query}`;
  const reply = await send(server, call("prefetch_urls", { urls: [url], provider, wait_seconds: 1 }));
  const status = await send(server, call("get_prefetch_status", { task_id: taskOf(reply), detail: "all" }));
  expect(structuredOf(status)).toMatchObject({ counts: { total: 1, rejected: 0 }, items: [{ url }] });
  const spellings = [url, `/${provider}/a.mp4?${query}`, encodeURIComponent(url)];
  expect(echo.received.some((text) => spellings.some((spelling) => text.includes(spelling)))).toBe(true);
  expect(structuredOf(await send(server, call("verify_prefetch", { urls: [url] })))).toMatchObject({ results: [{ url }] });
  await server.stop();
  expect(readdirSync(store).some((file) => readFileSync(join(store, file), "latin1").includes(url))).toBe(true);
  expect(server.log.join("\n")).not.toContain(alibabaId);
  expect(server.log.join("\n")).not.toContain(huaweiId);
});

it.each([
  ["alibaba-vod", alibabaId],
  ["huawei-vod", huaweiId],
])("a message of %s that echoes the access key id shows no id", async (provider, id) => {
  const { echo, server } = await start();
  echo.echo = { text: `no such key ${id}`, status: 400 };
  const reply = await send(server, call("prefetch_urls", { urls: [`${echo.origin}/a.mp4`], provider }));
  expect(reply.body).toContain("no such key [redacted]");
  expect(reply.body).not.toContain(id);
  await server.stop();
  expect(server.log.join("\n")).not.toContain(id);
});

it("a URL with a real secret is rejected without it, and the rest of the list is warmed", async () => {
  const { echo, server } = await start();
  const list = [`${echo.origin}/a?k=${secret}`, `${echo.origin}/b`];
  const reply = await send(server, call("prefetch_urls", { urls: list, provider: "http", wait_seconds: 5 }));
  const row = { url: `${echo.origin}/a?k=[redacted]`, state: "rejected", code: "invalid_argument" };
  expect(structuredOf(reply)).toMatchObject({ counts: { total: 2, rejected: 1, succeeded: 1 }, problems: [row] });
  expect(echo.received.join("\n")).not.toContain(secret);
});
