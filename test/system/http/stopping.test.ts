/** A server that stops answers every call that it has accepted, and a client that leaves delays nothing. */

import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { type HuaweiVodEmulator, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { huaweiEnv } from "../harness/clients-harness.ts";
import { type HttpServer, startServer } from "../harness/http-server-harness.ts";
import { call, legacy, logOf, modern, open, read, send, structuredOf } from "../harness/raw-http-harness.ts";

/** A vendor that takes an hour for every task. */
async function slowVendor(): Promise<HuaweiVodEmulator> {
  const emulator = await startHuaweiVod({ firstMs: 3_600_000 });
  onTestFinished(() => emulator.close());
  return emulator;
}

async function startedTask(server: HttpServer): Promise<string> {
  const reply = await send(server, call("prefetch_urls", { urls: ["https://example.com/a.mp4"] }));
  return z.object({ task_id: z.string() }).parse(structuredOf(reply)).task_id;
}

/** When this call is answered, the server has read everything that was sent before. */
const round = (server: HttpServer) => send(server, call("get_prefetch_quota"));

const isListening = ({ url }: HttpServer): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });

describe("SIGTERM", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("(or %s) answers waiting calls with the known state, then ends with 0", async (signal) => {
    const vendor = await slowVendor();
    const server = await startServer(huaweiEnv(vendor), []);
    const id = await startedTask(server);
    const status = { task_id: id, wait_seconds: 50 };
    const waiting = [
      ...Array.from({ length: 10 }, () => send(server, call("get_prefetch_status", status))),
      ...Array.from({ length: 10 }, () => send(server, legacy("tools/call", { name: "get_prefetch_status", arguments: status }))),
      ...Array.from({ length: 5 }, (_, index) =>
        send(server, call("prefetch_urls", { urls: [`https://example.com/${index}.mp4`], wait_seconds: 50 })),
      ),
    ];
    // The spending calls have got as far as waiting when the vendor has all of theirs.
    await expect.poll(() => vendor.log.filter(({ method }) => method === "POST").length, { timeout: 10_000 }).toBe(6);
    await round(server);

    const exited = once(server.child, "exit");
    server.child.kill(signal);
    const answers = await Promise.all(waiting);
    // The drain gives up after 8 s and cuts calls off without an answer, so each 200 below is an early answer.
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(structuredOf(answer)).toMatchObject({ task_id: expect.stringMatching(/^pf_/), state: "running" });
    }
    await expect.poll(() => isListening(server)).toBe(false);
    expect(await exited).toEqual([0, null]);
    expect(logOf(server).filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  it("ends the server although connections are idle, half open or listening", async () => {
    const server = await startServer();
    const idle = await open(server);
    const half = await open(server);
    half.write("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
    const stream = await fetch(server.url, { method: "POST", ...modern("subscriptions/listen", { notifications: {} }) });
    await round(server);
    const ends = [read(idle), read(half), stream.text()] as const;
    expect(await server.stop()).toBe(0);
    // A server that waits for these clients answers 408 after 10 s.
    const [fromIdle, fromHalf] = await Promise.all(ends);
    expect([fromIdle.text, fromHalf.text]).toEqual(["", ""]);
  });

  it("finishes accepted requests and accepts no more", async () => {
    const vendor = await slowVendor();
    const server = await startServer(huaweiEnv(vendor), []);
    const { headers, body } = call("get_prefetch_quota");
    // The body that is missing keeps the server from ending.
    const late = await open(server);
    const lines = Object.entries({ host: "localhost", ...headers, "content-length": body.length }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const whole = `POST /mcp HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
    late.write(whole.slice(0, -1));
    await round(server);
    const exited = once(server.child, "exit");
    server.child.kill("SIGTERM");
    await expect.poll(() => isListening(server)).toBe(false);
    const answer = read(late);
    late.write("}");
    // The server accepted it before, so it is carried out.
    expect((await answer).status).toBe(200);
    expect(await exited).toEqual([0, null]);
  });
});

describe("calls that wait", () => {
  it("do not delay other calls, even when their bodies came in chunks", async () => {
    const vendor = await slowVendor();
    const server = await startServer(huaweiEnv(vendor), []);
    const { headers, body } = call("get_prefetch_status", { task_id: await startedTask(server), wait_seconds: 50 });
    const inChunks = () => fetch(server.url, { method: "POST", headers, body: new Blob([body]).stream(), duplex: "half" });
    const waiting: Promise<Response>[] = [];
    for (let count = 0; count < 20; count += 1) {
      waiting.push(inChunks());
      expect((await round(server)).status).toBe(200);
    }
    expect(await server.stop()).toBe(0);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(20).fill(200));
  });
});

describe("a client that goes away", () => {
  it.each([
    ["2026-07-28", call("get_prefetch_status", {})],
    ["2025", legacy("tools/call", { name: "get_prefetch_status", arguments: {} })],
  ])("in the middle of a waiting call ends only the waiting (%s)", async (_, { headers, body }) => {
    const vendor = await slowVendor();
    const server = await startServer(huaweiEnv(vendor), []);
    const id = await startedTask(server);
    const leaving = new AbortController();
    const asked = body.replace('"arguments":{}', `"arguments":{"task_id":"${id}","wait_seconds":50}`);
    const call50 = fetch(server.url, { method: "POST", headers, body: asked, signal: leaving.signal }).then((answer) => answer.text());
    await round(server);
    leaving.abort();
    await expect(call50).rejects.toMatchObject({ name: "AbortError" });
    const ended = /cdn_prefetch_tool_seconds_count\{tool="get_prefetch_status",outcome="cancelled"\} 1/;
    await expect.poll(async () => (await send(server, { method: "GET", path: "/metrics" })).body).toMatch(ended);
    const status = await send(server, call("get_prefetch_status", { task_id: id }));
    expect(structuredOf(status)).toMatchObject({ state: "running", counts: { total: 1, processing: 1 } });
    expect(vendor.log.filter(({ method }) => method === "POST")).toHaveLength(1);
    expect(logOf(server).filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it("in the middle of a list finds its task by calling again, with each URL sent once", async () => {
    const vendor = await slowVendor();
    const server = await startServer(huaweiEnv(vendor), []);
    const urls = Array.from({ length: 30 }, (_, index) => `https://example.com/list/${index}.mp4`);
    const leaving = new AbortController();
    const { headers, body } = call("prefetch_urls", { urls, wait_seconds: 50 });
    const gone = fetch(server.url, { method: "POST", headers, body, signal: leaving.signal }).catch(() => undefined);
    await expect.poll(() => vendor.log.length).toBeGreaterThan(0);
    leaving.abort();
    await gone;
    const again = await send(server, call("prefetch_urls", { urls }));
    expect(structuredOf(again)).toMatchObject({ counts: { total: 30 } });
    const list = await send(server, call("list_prefetch_tasks"));
    expect(structuredOf(list)).toMatchObject({ tasks: [{ total: 30 }] });
    await expect.poll(() => vendor.spentToday).toBe(30);
  });
});
