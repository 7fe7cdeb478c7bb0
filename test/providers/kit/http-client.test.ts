/** The way to the network, against servers that misbehave on real sockets: what may have been sent is never misjudged. */

import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { Agent } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createHttpClient, type HttpClient, type HttpClientOptions, type HttpRequest } from "../../../src/providers/kit/http-client.ts";

/** Well before any other limit than the one that is tested could have come to the rescue. */
const SOON_MS = 3_500;

let closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

interface Listening {
  readonly url: URL;
  readonly port: number;
  /** Connections taken so far. */
  readonly connections: number;
}

async function listen(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    // A client that hangs up in the middle is what some tests are about.
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/path?query=1`),
    port,
    get connections() {
      return connections;
    },
  };
}

const listenHttp = (answer: RequestListener) => listen(createHttpServer(answer));

/** A server that reads until it has seen a whole request and then does as told. */
function listenRaw(onRequest: (socket: Socket) => void): Promise<Listening> {
  return listen(
    createServer((socket) => {
      let seen = "";
      socket.on("data", (chunk) => {
        seen += String(chunk);
        if (seen.includes("\r\n\r\n") && seen.endsWith("the body")) onRequest(socket);
      });
    }),
  );
}

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const http = createHttpClient({ provider: "some-cdn", userAgent: "the-agent/1.0", clock: Date, ...options });
  closing.push(() => http.close());
  return http;
}

function spending(url: URL, signal: AbortSignal = new AbortController().signal): HttpRequest {
  return { method: "POST", url, headers: { "content-type": "text/plain" }, body: "the body", signal, intent: "spend" };
}

function reading(url: URL): HttpRequest {
  return { method: "GET", url, headers: {}, signal: new AbortController().signal, intent: "read" };
}

async function failure(work: Promise<unknown>): Promise<PrefetchError> {
  const error = await work.then(
    () => new Error("It was answered"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrefetchError)) throw error;
  expect(error.provider).toBe("some-cdn");
  return error;
}

describe("an answer", () => {
  it("is handed on with any status, its headers and its text", async () => {
    for (const status of [200, 202, 302, 404, 503]) {
      const { url } = await listenHttp((_, response) => {
        response.writeHead(status, { "X-Request-Id": "abc", "set-cookie": ["a=1", "b=2"], location: "http://127.0.0.1:1/" });
        response.end("täxt");
      });
      const answer = await client().send(reading(url));
      expect(answer).toMatchObject({ status, text: "täxt", headers: { "x-request-id": "abc", "set-cookie": "a=1, b=2" } });
    }
  });

  it("is to exactly the request that was made", async () => {
    const seen: unknown[] = [];
    const { url } = await listenHttp((request, response) => {
      request.on("data", (chunk) => seen.push(String(chunk)));
      request.on("end", () => {
        const { host, "content-type": type, "user-agent": agent, accept } = request.headers;
        seen.push(request.method, request.url, host, type, agent, accept);
        response.end();
      });
    });
    await client().send(spending(url));
    expect(seen).toEqual(["the body", "POST", "/path?query=1", url.host, "text/plain", "the-agent/1.0", "application/json"]);
  });

  it("may carry a token of many kilobytes in its headers", async () => {
    const token = "t".repeat(40_000);
    const { url } = await listenHttp((_, response) => {
      response.writeHead(201, { "x-subject-token": token }).end();
    });
    expect((await client().send(reading(url))).headers["x-subject-token"]).toBe(token);
  });
});

describe("not one byte has left", () => {
  it("when the connection is refused", async () => {
    const { url } = await listenHttp(() => undefined);
    await closing.pop()?.();
    for (const request of [spending(url), reading(url)]) {
      const error = await failure(client().send(request));
      expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent", retryable: true });
      expect(error.message).toContain(url.host);
      expect(error.message).toContain("ECONNREFUSED");
      expect(error.hint).toMatch(/\S/);
    }
  });

  it("when the name does not exist", async () => {
    const error = await failure(client().send(spending(new URL("http://no-such-host.invalid/"))));
    // Where there is no name server at all, it may be a time-out instead.
    expect(error).toMatchObject({ delivery: "not_sent", retryable: true });
  });

  it("when the other side does not speak TLS", async () => {
    let requests = 0;
    const { url } = await listenHttp(() => {
      requests += 1;
    });
    url.protocol = "https:";
    const error = await failure(client().send(spending(url)));
    expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent", retryable: true });
    expect(requests).toBe(0);
  });

  it("when the other side hangs up before TLS is agreed upon", async () => {
    const { url } = await listen(createServer((socket) => socket.destroy()));
    url.protocol = "https:";
    expect(await failure(client().send(spending(url)))).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent" });
  });

  it("when it was stopped while it connected, which is noticed at once", async () => {
    // Takes the connection and says nothing, so that TLS is never agreed upon.
    const { url } = await listen(createServer(() => undefined));
    url.protocol = "https:";
    const stop = new AbortController();
    const begun = performance.now();
    setTimeout(() => stop.abort(), 50);
    const error = await failure(client().send(spending(url, stop.signal)));
    expect(error).toMatchObject({ code: "cancelled", delivery: "not_sent", retryable: false });
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
  });

  it("when it was stopped before it began", async () => {
    const server = await listenHttp((_, response) => response.end());
    const error = await failure(client().send(spending(server.url, AbortSignal.abort())));
    expect(error).toMatchObject({ code: "cancelled", delivery: "not_sent", retryable: false });
    expect(server.connections).toBe(0);
  });
});

describe("a connection that is ready only after the machine was suspended", () => {
  const suspended = () => {
    const times = [0, 31_000];
    return { clock: { now: () => times.shift() ?? 31_000 } };
  };

  it("carries nothing that spends, which is known to be unsent", async () => {
    const requests: string[] = [];
    const { url } = await listenHttp((request, response) => {
      requests.push(request.url ?? "");
      response.end("{}");
    });
    const error = await failure(client(suspended()).send(spending(url)));
    expect(error).toMatchObject({ code: "timeout", delivery: "not_sent", retryable: true });
    expect(requests).toEqual([]);
  });

  it("carries a question", async () => {
    const { url } = await listenHttp((_, response) => response.end("{}"));
    expect(await client(suspended()).send(reading(url))).toMatchObject({ status: 200 });
  });
});

describe("nobody can tell what became of the request", () => {
  it("when the connection breaks after it", async () => {
    for (const breakIt of [
      (socket: Socket) => socket.destroy(),
      (socket: Socket) => socket.resetAndDestroy(),
      (socket: Socket) => socket.end(),
    ]) {
      const { url } = await listenRaw(breakIt);
      const error = await failure(client().send(spending(url)));
      expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", retryable: true });
      expect(error.message).toContain("outcome is not known");
    }
  });

  it("when the answer ends in the middle", async () => {
    const { url } = await listenRaw((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    expect(await failure(client().send(spending(url)))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
  });

  it("when the answer is not HTTP", async () => {
    const { url } = await listenRaw((socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"));
    expect(await failure(client().send(spending(url)))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
  });

  it("when the answer never begins", async () => {
    const { url } = await listenRaw(() => undefined);
    const start = performance.now();
    const error = await failure(client({ answerMs: 100 }).send(spending(url)));
    expect(error).toMatchObject({ code: "timeout", delivery: "unknown", retryable: true });
    expect(performance.now() - start).toBeLessThan(SOON_MS);
  });

  it("when the answer stops coming", async () => {
    const { url } = await listenRaw((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    const start = performance.now();
    const error = await failure(client({ answerMs: 100 }).send(spending(url)));
    expect(error).toMatchObject({ code: "timeout", delivery: "unknown", retryable: true });
    expect(performance.now() - start).toBeLessThan(SOON_MS);
  });

  it("when the answer does not end", async () => {
    let sent = 0;
    const { url } = await listenHttp((request, response) => {
      request.resume();
      const chunk = Buffer.alloc(65_536, "x");
      const pour = (): void => {
        while (!response.destroyed && sent < 100_000_000) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", pour);
        }
      };
      pour();
    });
    const error = await failure(client().send(spending(url)));
    expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
    expect(error.message).toContain("larger than");
    // It hung up instead of reading on.
    expect(sent).toBeLessThan(50_000_000);
  });

  it("when the answer says that it will be huge", async () => {
    const { url } = await listenHttp((_, response) => response.end("x".repeat(1_048_577)));
    expect((await failure(client().send(spending(url)))).message).toContain("larger than");
  });

  it("when it is stopped on its way", async () => {
    const stop = new AbortController();
    const { url } = await listenRaw(() => stop.abort());
    const error = await failure(client().send(spending(url, stop.signal)));
    expect(error).toMatchObject({ code: "cancelled", delivery: "unknown", retryable: false });
  });

  it("when it is stopped in the middle of the answer", async () => {
    const stop = new AbortController();
    const { url } = await listenRaw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", () => stop.abort());
    });
    expect(await failure(client().send(spending(url, stop.signal)))).toMatchObject({ code: "cancelled", delivery: "unknown" });
  });
});

describe("connections", () => {
  const answering: RequestListener = (request, response) => {
    request.resume();
    request.on("end", () => response.end("ok"));
  };

  /** undici gives a connection free one turn of the event loop after its answer. */
  const freed = async (): Promise<void> => {
    await turn();
    await turn();
  };

  it("are not shared by requests that spend", async () => {
    const server = await listenHttp(answering);
    const http = client();
    for (let sent = 1; sent <= 3; sent += 1) {
      await http.send(spending(server.url));
      expect(server.connections).toBe(sent);
    }
    await Promise.all([http.send(spending(server.url)), http.send(spending(server.url))]);
    expect(server.connections).toBe(5);
  });

  it("are kept for requests that read", async () => {
    const server = await listenHttp(answering);
    const http = client();
    for (let sent = 0; sent < 3; sent += 1) {
      await http.send(reading(server.url));
      await freed();
    }
    expect(server.connections).toBe(1);
  });

  it("of those that read are not used by those that spend", async () => {
    const server = await listenHttp(answering);
    const http = client();
    await http.send(reading(server.url));
    await freed();
    await http.send(spending(server.url));
    await http.send(reading(server.url));
    expect(server.connections).toBe(2);
  });

  it("end with the client", async () => {
    let open = 0;
    const http = createHttpServer(answering);
    // Nobody's patience with idle connections may run out during the test.
    http.keepAliveTimeout = 60_000;
    http.on("connection", (socket) => {
      open += 1;
      socket.on("close", () => {
        open -= 1;
        http.emit("idle");
      });
    });
    const { url } = await listen(http);
    const mine = client();
    await mine.send(reading(url));
    expect(open).toBe(1);
    const idle = new Promise((resolve) => http.once("idle", resolve));
    const start = performance.now();
    await mine.close();
    await idle;
    expect(open).toBe(0);
    expect(performance.now() - start).toBeLessThan(SOON_MS);
  });

  it("are somebody else's when a dispatcher is passed in", async () => {
    const server = await listenHttp(answering);
    const dispatcher = new Agent();
    closing.push(() => dispatcher.destroy());
    const http = client({ dispatcher });
    await http.send(reading(server.url));
    await http.close();
    await freed();
    expect((await client({ dispatcher }).send(reading(server.url))).text).toBe("ok");
    expect(server.connections).toBe(1);
  });
});
