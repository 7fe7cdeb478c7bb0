/** `Edge.body`: reading manifests. */

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import type { EdgeBody } from "../../../../src/prefetch/model/edge.ts";
import { createAddressGuard } from "../../../../src/providers/http/net/address-guard.ts";
import { neverAborted as never } from "../../../fakes/signal.ts";
import { HERE, testEdge } from "../edges-harness.ts";
import { canary, closeAfterwards } from "../network-harness.ts";
import { startOrigin } from "../origin-harness.ts";

const MOST = 1_000;

async function failure(work: Promise<unknown>): Promise<PrefetchError> {
  const error = await work.then(
    () => new Error("It was read"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrefetchError)) throw error;
  expect(error.message).not.toMatch(/secret|token/);
  return error;
}

const textOf = ({ bytes }: EdgeBody): string => Buffer.from(bytes).toString();

async function read(body: Promise<EdgeBody>): Promise<{ url: string; text: string }> {
  const found = await body;
  return { url: found.url, text: textOf(found) };
}

describe("Edge.body", () => {
  it("returns the bytes, and the URL without its fragment", async () => {
    const origin = await startOrigin(({ headers }, response) =>
      response.end(`#EXTM3U ü€😀 ${headers["accept-encoding"]} ${headers["user-agent"]}`),
    );
    const url = origin.url("/a.m3u8?x=1", "media.example");
    const edge = testEdge({ headers: { "User-Agent": "mine", "Accept-Encoding": "br" } });
    expect(await read(edge.body(`${url}#part`, MOST, never))).toEqual({ url, text: "#EXTM3U ü€😀 identity mine" });
  });

  it("joins chunks that split a character", async () => {
    const bytes = Buffer.from("ü€😀".repeat(10));
    const origin = await startOrigin(async (_, response) => {
      for (const byte of bytes) {
        response.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    expect((await read(testEdge().body(origin.url("/a"), bytes.length, never))).text).toBe("ü€😀".repeat(10));
  });

  it("accepts an empty text and a text as long as the limit", async () => {
    const origin = await startOrigin(({ url }, response) => response.end("x".repeat(url === "/0" ? 0 : MOST)));
    expect(await testEdge().body(origin.url("/0"), MOST, never)).toMatchObject({ bytes: new Uint8Array(), isWhole: true });
    const longest = await testEdge().body(origin.url("/1"), MOST, never);
    expect([longest.bytes.length, longest.isWhole]).toEqual([MOST, true]);
  });

  it.each([
    ["declared", { "content-length": 5_000 }],
    ["not declared", {}],
  ])("returns the beginning of a longer body and closes the connection (length %s)", async (_what, headers) => {
    let closed: Promise<unknown> = Promise.resolve();
    const origin = await startOrigin(async (_, response) => {
      closed = new Promise((resolve) => response.once("close", resolve));
      response.writeHead(200, headers).write("x".repeat(10));
      await new Promise((resolve) => setImmediate(resolve));
      response.write("y".repeat(MOST));
    });
    const body = await testEdge().body(origin.url("/a"), MOST, never);
    expect(textOf(body)).toMatch(/^x*y*$/);
    expect(body.bytes.length).toBeLessThanOrEqual(MOST);
    expect(body.isWhole).toBe(false);
    await closed;
  });

  it("returns packed bytes as they are, with their encoding", async () => {
    const packed = gzipSync("#EXTM3U");
    const origin = await startOrigin((_, response) => response.writeHead(200, { "content-encoding": "GZIP" }).end(packed));
    const { bytes, encoding } = await testEdge().body(origin.url("/a"), MOST, never);
    expect(Buffer.from(bytes).equals(packed)).toBe(true);
    expect(encoding).toBe("gzip");
  });

  it("reads through the first PoP", async () => {
    const server = await canary();
    const edge = testEdge({
      pops: [
        { name: "fra", address: HERE, port: server.port },
        { name: "none", address: "10.0.0.5" },
      ],
    });
    expect(await read(edge.body("http://media.example/a", MOST, never))).toEqual({ url: "http://media.example/a", text: "here" });
    expect(server.requests).toEqual(["GET media.example /a"]);
  });
});

describe("Edge.body, without a usable answer,", () => {
  it.each([
    [401, "auth_failed", false],
    [403, "auth_failed", false],
    [404, "not_found", false],
    [410, "not_found", false],
    [400, "not_found", false],
    [429, "rate_limited", true],
    [500, "vendor_unavailable", true],
    [503, "vendor_unavailable", true],
    [204, "unsupported", false],
    [206, "unsupported", false],
    [300, "unsupported", false],
    [304, "unsupported", false],
  ])("reports status %i as %s", async (status, code, retryable) => {
    const origin = await startOrigin((_, response) => response.writeHead(status).end());
    const error = await failure(testEdge().body(origin.url("/a?token=secret", "media.example"), MOST, never));
    expect(error).toMatchObject({
      code,
      retryable,
      message: expect.stringMatching(new RegExp(`^media\\.example:\\d+ answered ${status}$`)),
    });
  });

  it("reports an answer that breaks off or never comes", async () => {
    const origin = await startOrigin((request, response) => {
      if (request.url === "/never") return;
      response.writeHead(200, { "content-length": 100 }).write("half");
      setImmediate(() => response.destroy());
    });
    expect(await failure(testEdge().body(origin.url("/half"), MOST, never))).toMatchObject({ code: "vendor_unavailable", retryable: true });
    const guard = createAddressGuard({ allowLoopback: true, answerMs: 200 });
    closeAfterwards(() => guard.close());
    expect(await failure(testEdge({ guard }).body(origin.url("/never"), MOST, never))).toMatchObject({ code: "timeout", retryable: true });
  });

  it("refuses a URL that the guard does not allow", async () => {
    for (const url of ["http://10.0.0.5/a", "http://93.184.215.14:22/", "http://user:secret@media.example/"]) {
      const error = await failure(testEdge().body(url, MOST, never));
      expect(error.code).toMatch(/^(forbidden_domain|invalid_argument)$/);
    }
  });

  it("rejects with the signal's reason", async () => {
    const reason = new Error("enough");
    await expect(testEdge().body("http://media.example/", MOST, AbortSignal.abort(reason))).rejects.toBe(reason);
    const stop = new AbortController();
    const origin = await startOrigin(() => stop.abort(reason));
    await expect(testEdge().body(origin.url("/a"), MOST, stop.signal)).rejects.toBe(reason);
  });
});

describe("Edge.body, when redirected,", () => {
  it.each([301, 302, 303, 307, 308])("follows a redirect by %i and returns the last URL", async (status) => {
    const origin = await startOrigin(({ url }, response) => {
      if (url === "/a") return void response.writeHead(status, { location: "b/../c?x=1#part" }).end("moved");
      response.end("there");
    });
    expect(await read(testEdge().body(origin.url("/a"), MOST, never))).toEqual({ url: origin.url("/c?x=1"), text: "there" });
  });

  it("follows three redirects, but not a fourth", async () => {
    const origin = await startOrigin(({ url = "/0" }, response) => {
      const step = Number(url.slice(1));
      if (step === 9) return void response.end("there");
      response.writeHead(302, { location: `/${step + 1}` }).end();
    });
    const edge = testEdge();
    expect((await edge.body(origin.url("/6"), MOST, never)).url).toBe(origin.url("/9"));
    const error = await failure(edge.body(origin.url("/5"), MOST, never));
    expect(error).toMatchObject({ code: "unsupported", message: expect.stringContaining("redirects more than 3 times") });
    expect(origin.seen).toEqual(["/6", "/7", "/8", "/9", "/5", "/6", "/7", "/8"]);
  });

  it.each([
    "http://10.0.0.5/",
    "http://169.254.169.254/latest/meta-data/",
    "ftp://media.example/",
    "http://93.184.215.14:22/",
    "http://user:secret@media.example/",
  ])("refuses a redirect to %s", async (location) => {
    const origin = await startOrigin((_, response) => response.writeHead(302, { location }).end());
    const error = await failure(testEdge().body(origin.url("/a"), MOST, never));
    expect(error.code).toMatch(/^(forbidden_domain|invalid_argument)$/);
  });

  it("refuses a redirect to a host that resolves to a private address", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(302, { location: "http://inner.example/" }).end());
    const guard = createAddressGuard({ allowLoopback: true, lookup: async (host) => [host === "inner.example" ? "10.0.0.5" : HERE] });
    closeAfterwards(() => guard.close());
    expect(await failure(testEdge({ guard }).body(origin.url("/a"), MOST, never))).toMatchObject({ code: "forbidden_domain" });
  });

  it("reports a redirect without a valid location", async () => {
    for (const location of [undefined, "http://"]) {
      const origin = await startOrigin((_, response) => response.writeHead(302, location === undefined ? {} : { location }).end());
      expect(await failure(testEdge().body(origin.url("/a"), MOST, never))).toMatchObject({ code: "unsupported" });
    }
  });

  it("sends neither private headers nor the PoP's address to another host", async () => {
    const other = await canary();
    const first = await canary({
      answer: (_, response) => response.writeHead(302, { location: `http://other.example:${other.port}/b` }).end(),
    });
    const seen: unknown[] = [];
    const origin = await startOrigin(({ headers }, response) => {
      seen.push(headers);
      response.end("there");
    });
    const edge = testEdge({ pops: [{ name: "fra", address: HERE, port: first.port }] });
    expect(await read(edge.body("http://media.example/a", MOST, never))).toEqual({
      url: `http://other.example:${other.port}/b`,
      text: "here",
    });
    const away = await startOrigin((_, response) => response.writeHead(302, { location: origin.url("/b", "other.example") }).end());
    await testEdge({ headers: { "user-agent": "mine", authorization: "secret", referer: "https://a.example/" } }).body(
      away.url("/a"),
      MOST,
      never,
    );
    expect(seen).toEqual([expect.objectContaining({ "user-agent": "mine" })]);
    expect(seen).toEqual([expect.not.objectContaining({ authorization: expect.anything() })]);
    expect(seen).toEqual([expect.not.objectContaining({ referer: expect.anything() })]);
  });
});
