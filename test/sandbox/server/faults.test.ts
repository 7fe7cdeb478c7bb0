/** Injected faults on a real socket, over an answer of eight bytes. */

import { request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "../../../src/sandbox/server/faults.ts";
import { type EmulatorServer, startServer } from "../../../src/sandbox/server/server.ts";

let server: EmulatorServer;
/** Requests that the server has carried out. */
let handled: string[];
let pauses: { readonly ms: number; end(): void }[];
/** Resolves when the server starts to wait. */
let pauseStarted: PromiseWithResolvers<void>;

beforeEach(async () => {
  handled = [];
  pauses = [];
  pauseStarted = Promise.withResolvers();
  server = await startServer({
    now: () => 0,
    actionOf: ({ url }) => url.pathname.slice(1),
    sleep: (ms) =>
      new Promise((end) => {
        pauses.push({ ms, end });
        pauseStarted.resolve();
      }),
    answer: ({ method, url }) => {
      handled.push(`${method} ${url.pathname}`);
      return { status: 200, body: "12345678" };
    },
  });
});
afterEach(() => server.close());

async function ask(path = "/a", method: "GET" | "POST" = "GET") {
  // No test may hang on a server that never answers.
  const { statusCode: status, headers, body } = await request(server.endpoint + path, { method, signal: AbortSignal.timeout(5_000) });
  return { status, headers, text: await body.text() };
}

const busy: Fault = { kind: "answer", status: 503, body: "busy", headers: { "retry-after": "7" } };

describe("a fault", () => {
  it("answers instead of the emulator", async () => {
    server.inject({ fault: busy });
    const { status, text, headers } = await ask();
    expect([status, text, headers["retry-after"]]).toEqual([503, "busy", "7"]);
    expect(handled).toEqual([]);
  });

  it("delays the request before it is carried out", async () => {
    server.inject({ fault: { kind: "delay", ms: 100 } });
    const reply = ask();
    await pauseStarted.promise;
    expect([pauses.map(({ ms }) => ms), handled]).toEqual([[100], []]);
    pauses[0]?.end();
    expect((await reply).status).toBe(200);
  });

  it("breaks the connection before the request is carried out", async () => {
    server.inject({ fault: { kind: "reset", when: "before" } });
    await expect(ask()).rejects.toThrow();
    expect(handled).toEqual([]);
  });

  it.each<Fault>([{ kind: "reset", when: "after" }, { kind: "truncate" }])(
    "breaks the connection after the request is carried out: %j",
    async (fault) => {
      server.inject({ fault });
      await expect(ask()).rejects.toThrow();
      expect(handled).toEqual(["GET /a"]);
    },
  );

  it("appends blanks to the answer", async () => {
    server.inject({ fault: { kind: "huge", bytes: 2_000_000 } });
    const { status, text } = await ask();
    expect([status, text.trimEnd(), text.length]).toEqual([200, "12345678", 2_000_008]);
    expect(handled).toEqual(["GET /a"]);
  });

  it("replaces the answer's body", async () => {
    server.inject({ fault: { kind: "garble", body: "<html>" } });
    expect(await ask()).toMatchObject({ status: 200, text: "<html>" });
    expect(handled).toEqual(["GET /a"]);
  });
});

describe("a rule", () => {
  const statuses = async (count: number) => {
    const seen: number[] = [];
    for (let call = 0; call < count; call += 1) seen.push((await ask()).status);
    return seen;
  };

  it("applies to one request by default", async () => {
    server.inject({ fault: busy });
    expect(await statuses(2)).toEqual([503, 200]);
  });

  it("applies as often as it says, after the requests that it lets pass", async () => {
    server.inject({ fault: busy, times: 2, after: 3 });
    expect(await statuses(6)).toEqual([200, 200, 200, 503, 503, 200]);
  });

  it("applies to its method and action only", async () => {
    server.inject({ fault: busy, method: "POST", action: "a" });
    expect((await ask("/a", "GET")).status).toBe(200);
    expect((await ask("/b", "POST")).status).toBe(200);
    expect((await ask("/a", "POST")).status).toBe(503);
    expect((await ask("/a", "POST")).status).toBe(200);
  });

  it("lets requests pass while an earlier rule applies to them", async () => {
    server.inject({ fault: busy, times: 2 });
    server.inject({ fault: { ...busy, status: 500 }, after: 1 });
    expect(await statuses(5)).toEqual([503, 503, 200, 500, 200]);
  });

  it("ends when faults are cleared", async () => {
    server.inject({ fault: busy, times: 9 });
    server.clearFaults();
    expect((await ask()).status).toBe(200);
  });
});
