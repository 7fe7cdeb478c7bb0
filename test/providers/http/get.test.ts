import { Agent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { type GetRequest, get } from "../../../src/providers/http/get.ts";
import { startOrigin } from "./origin.ts";

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
