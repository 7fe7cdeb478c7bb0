import { Agent, buildConnector } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { type GetRequest, get } from "../../../../src/providers/http/net/get.ts";
import { startOrigin } from "../origin-harness.ts";

const MIB = 1_048_576;

function fetcher() {
  const dispatcher = new Agent({ connections: 1 });
  onTestFinished(() => dispatcher.destroy());
  return (url: string, more: Partial<GetRequest> = {}) =>
    get(dispatcher, { url: new URL(url), method: "GET", headers: {}, signal: new AbortController().signal, ...more });
}

describe("a GET", () => {
  it.each([0, 1, 131_073, 5 * MIB])("counts all %i bytes, however many", async (size) => {
    const origin = await startOrigin((_, response) => response.writeHead(200, { "content-length": size }).end(Buffer.alloc(size)));
    const chunks: number[] = [];
    const got = await fetcher()(origin.url("/"), { onBytes: (count) => void chunks.push(count) });
    expect(got).toMatchObject({ status: 200, bytes: size, declared: size });
    expect(chunks.reduce((sum, count) => sum + count, 0)).toBe(size);
  });

  it("tells status and headers as they came, each time that one came, and follows nothing", async () => {
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

  it("leaves a body as it was transferred", async () => {
    const origin = await startOrigin((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": 3 }).end("gz!");
    });
    expect(await fetcher()(origin.url("/"))).toMatchObject({ bytes: 3, declared: 3 });
  });

  it("takes hints that come before the answer for what they are", async () => {
    const origin = await startOrigin((_, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.writeHead(200, { "content-length": 2 }).end("ok");
    });
    expect(await fetcher()(origin.url("/"))).toMatchObject({ status: 200, bytes: 2 });
  });

  it("rejects when the answer breaks off, and when nobody wants it any more", async () => {
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

  it("hands over what came, in its order", async () => {
    const origin = await startOrigin((_, response) => {
      response.write("one ");
      setTimeout(() => response.end("two"), 5);
    });
    const chunks: Uint8Array[] = [];
    expect(await fetcher()(origin.url("/"), { onChunk: (chunk) => void chunks.push(chunk) })).toMatchObject({ bytes: 7 });
    expect(Buffer.concat(chunks).toString()).toBe("one two");
  });

  it.each([
    ["nothing of a body that is declared", 0, { "content-length": 4 * MIB }, { bytes: 0, declared: 4 * MIB }],
    ["nothing of one that is not", 0, {}, { bytes: 0, declared: undefined }],
    ["not one that is declared to be longer", 1_000, { "content-length": 4 * MIB }, { bytes: 0, declared: 4 * MIB }],
  ])("brings %s", async (_what, mostBytes, headers, expected) => {
    let isOver: Promise<unknown> = Promise.resolve();
    const origin = await startOrigin((_, response) => {
      isOver = new Promise((resolve) => response.once("close", resolve));
      response.writeHead(200, headers).write(Buffer.alloc(10));
    });
    const fetch = fetcher();
    expect(await fetch(origin.url("/"), { mostBytes })).toMatchObject({ status: 200, ...expected });
    // The answer is never finished: only giving its connection up ends it.
    await isOver;
    expect((await fetch(origin.url("/"), { mostBytes })).status).toBe(200);
    expect(origin.connections()).toBe(2);
  });

  it("brings no more than the chunk that was too much", async () => {
    const origin = await startOrigin((_, response) => void response.writeHead(200).write(Buffer.alloc(MIB)));
    const chunks: Uint8Array[] = [];
    const got = await fetcher()(origin.url("/"), { mostBytes: 100_000, onChunk: (chunk) => void chunks.push(chunk) });
    expect(got.bytes).toBeGreaterThan(100_000);
    expect(Buffer.concat(chunks).length).toBeLessThanOrEqual(100_000);
  });

  it.each([0, 10])("keeps its connection where nothing is too much (%i)", async (size) => {
    const origin = await startOrigin((_, response) => response.writeHead(200, { "content-length": size }).end(Buffer.alloc(size)));
    const fetch = fetcher();
    for (let time = 0; time < 3; time += 1) expect(await fetch(origin.url("/"), { mostBytes: size })).toMatchObject({ bytes: size });
    expect(origin.connections()).toBe(1);
  });

  it("does not count the time that connecting took", async () => {
    const origin = await startOrigin((_, response) => response.end("x"));
    const dispatcher = new Agent({
      connect: async (options: buildConnector.Options, callback: buildConnector.Callback) => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        buildConnector({})(options, callback);
      },
    });
    onTestFinished(() => dispatcher.destroy());
    const got = await get(dispatcher, { url: new URL(origin.url("/")), method: "GET", headers: {}, signal: new AbortController().signal });
    expect(got.firstByteMs).toBeLessThan(400);
  });

  it("is held back while bytes are not wanted", async () => {
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

describe("a HEAD", () => {
  it("has no body, and leaves its connection to the next", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(200, { "content-length": 1_000 }).end());
    const fetch = fetcher();
    for (let time = 0; time < 5; time += 1)
      expect(await fetch(origin.url("/"), { method: "HEAD" })).toMatchObject({ bytes: 0, declared: undefined });
    expect(origin.connections()).toBe(1);
  });
});
