import { Agent, buildConnector } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { type GetRequest, get } from "../../../../src/providers/http/net/get.ts";
import { guardAnswers } from "../../../../src/providers/kit/answer-guard.ts";
import { startOrigin } from "../origin-harness.ts";

const MIB = 1_048_576;

function fetcher() {
  const dispatcher = new Agent({ connections: 1 });
  onTestFinished(() => dispatcher.destroy());
  return (url: string, more: Partial<GetRequest> = {}) =>
    get(dispatcher, { url: new URL(url), method: "GET", headers: {}, signal: new AbortController().signal, ...more });
}

describe("get with GET", () => {
  it.each([0, 1, 131_073, 5 * MIB])("counts all of %i bytes", async (size) => {
    const origin = await startOrigin((_, response) => response.writeHead(200, { "content-length": size }).end(Buffer.alloc(size)));
    const chunks: number[] = [];
    const got = await fetcher()(origin.url("/"), { onBytes: (count) => void chunks.push(count) });
    expect(got).toMatchObject({ status: 200, bytes: size, declared: size });
    expect(chunks.reduce((sum, count) => sum + count, 0)).toBe(size);
  });

  it("returns status and header lines unchanged, and follows no redirect", async () => {
    const origin = await startOrigin((_, response) => {
      response.writeHead(302, { location: "/elsewhere", "X-Cache": ["MISS from parent", "HIT from edge"] });
      response.end("moved");
    });
    const got = await fetcher()(origin.url("/a"));
    expect(got).toMatchObject({ status: 302, bytes: 5 });
    expect(got.headers.get("x-cache")).toEqual(["MISS from parent", "HIT from edge"]);
    expect(got.headers.get("location")).toEqual(["/elsewhere"]);
    expect(origin.seen).toEqual(["/a"]);
  });

  it("does not unpack a compressed body", async () => {
    const origin = await startOrigin((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": 3 }).end("gz!");
    });
    expect(await fetcher()(origin.url("/"))).toMatchObject({ bytes: 3, declared: 3 });
  });

  it("skips early hints before the response", async () => {
    const origin = await startOrigin((_, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.writeHead(200, { "content-length": 2 }).end("ok");
    });
    expect(await fetcher()(origin.url("/"))).toMatchObject({ status: 200, bytes: 2 });
  });

  it("rejects when the response breaks off or the signal aborts", async () => {
    const origin = await startOrigin((request, response) => {
      response.writeHead(200, { "content-length": 100 }).write("half");
      if (request.url === "/broken") setImmediate(() => response.destroy());
    });
    const fetch = fetcher();
    await expect(fetch(origin.url("/broken"))).rejects.toThrow();
    const stop = new AbortController();
    const waiting = fetch(origin.url("/endless"), { signal: stop.signal, onBytes: () => void stop.abort(new Error("enough")) });
    await expect(waiting).rejects.toThrow("enough");
    await expect(fetch(origin.url("/"), { signal: AbortSignal.abort(new Error("late")) })).rejects.toThrow("late");
    expect(origin.seen).toEqual(["/broken", "/endless"]);
  });

  it.each([
    ["rejects", () => Promise.reject(new TypeError("a bug"))],
    [
      "throws",
      () => {
        throw new TypeError("a bug");
      },
    ],
  ])("rejects with the caller's own error when onBytes %s", async (_, onBytes) => {
    const origin = await startOrigin((_request, response) => response.end("x"));
    const dispatcher = new Agent().compose(guardAnswers(10_000));
    onTestFinished(() => dispatcher.destroy());
    const request = { url: new URL(origin.url("/")), method: "GET", headers: {}, signal: new AbortController().signal, onBytes } as const;
    await expect(get(dispatcher, request)).rejects.toThrow(new TypeError("a bug"));
  });

  it("passes chunks on in order", async () => {
    const origin = await startOrigin((_, response) => {
      response.write("one ", () => response.end("two"));
    });
    const chunks: Uint8Array[] = [];
    expect(await fetcher()(origin.url("/"), { onChunk: (chunk) => void chunks.push(chunk) })).toMatchObject({ bytes: 7 });
    expect(Buffer.concat(chunks).toString()).toBe("one two");
  });

  it.each([
    ["no body of a declared length", 0, { "content-length": 4 * MIB }, { bytes: 0, declared: 4 * MIB }],
    ["no body of an undeclared length", 0, {}, { bytes: 0, declared: undefined }],
    ["no body whose declared length exceeds the limit", 1_000, { "content-length": 4 * MIB }, { bytes: 0, declared: 4 * MIB }],
  ])("reads %s", async (_what, mostBytes, headers, expected) => {
    let isOver: Promise<unknown> = Promise.resolve();
    const origin = await startOrigin((_, response) => {
      isOver = new Promise((resolve) => response.once("close", resolve));
      response.writeHead(200, headers).write(Buffer.alloc(10));
    });
    const fetch = fetcher();
    expect(await fetch(origin.url("/"), { mostBytes })).toMatchObject({ status: 200, ...expected });
    // The server never ends the response, so only a closed connection does.
    await isOver;
    expect((await fetch(origin.url("/"), { mostBytes })).status).toBe(200);
    expect(origin.connections()).toBe(2);
  });

  it("stops at the chunk that exceeds the limit", async () => {
    const origin = await startOrigin((_, response) => void response.writeHead(200).write(Buffer.alloc(MIB)));
    const chunks: Uint8Array[] = [];
    const got = await fetcher()(origin.url("/"), { mostBytes: 100_000, onChunk: (chunk) => void chunks.push(chunk) });
    expect(got.bytes).toBeGreaterThan(100_000);
    expect(Buffer.concat(chunks).length).toBeLessThanOrEqual(100_000);
  });

  it.each([0, 10])("keeps its connection when the body has exactly the allowed %i bytes", async (size) => {
    const origin = await startOrigin((_, response) => response.writeHead(200, { "content-length": size }).end(Buffer.alloc(size)));
    const fetch = fetcher();
    for (let time = 0; time < 3; time += 1) expect(await fetch(origin.url("/"), { mostBytes: size })).toMatchObject({ bytes: size });
    expect(origin.connections()).toBe(1);
  });

  it("measures the first byte without the time to connect", async () => {
    let nowMs = 1_000;
    const origin = await startOrigin((_, response) => {
      nowMs += 30;
      response.end("x");
    });
    const dispatcher = new Agent({
      connect: (options: buildConnector.Options, callback: buildConnector.Callback) => {
        nowMs += 500;
        buildConnector({})(options, callback);
      },
    });
    onTestFinished(() => dispatcher.destroy());
    const signal = new AbortController().signal;
    const got = await get(dispatcher, { url: new URL(origin.url("/")), method: "GET", headers: {}, signal, now: () => nowMs });
    expect(got.firstByteMs).toBe(30);
  });

  it("pauses the connection until onBytes settles", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(200).end(Buffer.alloc(4 * MIB)));
    let paused = 0;
    const got = await fetcher()(origin.url("/"), {
      onBytes: () => {
        paused += 1;
        return paused % 2 === 0 ? undefined : new Promise((resolve) => setImmediate(resolve));
      },
    });
    expect(got.bytes).toBe(4 * MIB);
    expect(paused).toBeGreaterThan(1);
  });
});

describe("get with HEAD", () => {
  it("reads no body and keeps its connection", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(200, { "content-length": 1_000 }).end());
    const fetch = fetcher();
    for (let time = 0; time < 5; time += 1)
      expect(await fetch(origin.url("/"), { method: "HEAD" })).toMatchObject({ bytes: 0, declared: undefined });
    expect(origin.connections()).toBe(1);
  });
});
