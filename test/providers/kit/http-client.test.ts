/** The HTTP client against misbehaving servers on real sockets. Its errors never misjudge the delivery. */

import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setImmediate as eventLoopTurn } from "node:timers/promises";
import { inspect } from "node:util";
import { Agent } from "undici";
import { afterEach, describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createHttpClient, type HttpClient, type HttpClientOptions, type HttpRequest } from "../../../src/providers/kit/http-client.ts";
import { malformed, malformedBodies, PEER_SECRET } from "../http/raw-edge-harness.ts";

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
    // Some tests make the client hang up in the middle of an answer.
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

/** A server that calls `onRequest` after a complete request. */
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
    () => new Error("The request did not fail"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrefetchError)) throw error;
  expect(error.provider).toBe("some-cdn");
  return error;
}

describe("an HTTP answer", () => {
  it("is returned with its status, headers and text", async () => {
    for (const status of [200, 202, 302, 404, 503]) {
      const { url } = await listenHttp((_, response) => {
        response.writeHead(status, { "X-Request-Id": "abc", "set-cookie": ["a=1", "b=2"], location: "http://127.0.0.1:1/" });
        response.end("täxt");
      });
      const answer = await client().send(reading(url));
      expect(answer).toMatchObject({ status, text: "täxt", headers: { "x-request-id": "abc", "set-cookie": "a=1, b=2" } });
    }
  });

  it("belongs to the request with this method, path, headers and body", async () => {
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

  it("may have a header of 40 KB", async () => {
    const token = "t".repeat(40_000);
    const { url } = await listenHttp((_, response) => {
      response.writeHead(201, { "x-subject-token": token }).end();
    });
    expect((await client().send(reading(url))).headers["x-subject-token"]).toBe(token);
  });
});

describe("the delivery is not_sent", () => {
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
    // Without a name server, the error is a timeout instead.
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

  it("when the call is stopped while it connects, without waiting for the connection", async () => {
    const stop = new AbortController();
    // This connection never gets ready, so a client that waited for it would exceed the test's timeout.
    const dispatcher = new Agent({ connect: () => setImmediate(() => stop.abort()) });
    closing.push(() => dispatcher.destroy());
    const error = await failure(client({ dispatcher }).send(spending(new URL("https://vod.example.com/"), stop.signal)));
    expect(error).toMatchObject({ code: "cancelled", delivery: "not_sent", retryable: false });
  });

  it("when the call is stopped before it starts", async () => {
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

  it("carries no spend, and the delivery is not_sent", async () => {
    const requests: string[] = [];
    const { url } = await listenHttp((request, response) => {
      requests.push(request.url ?? "");
      response.end("{}");
    });
    const error = await failure(client(suspended()).send(spending(url)));
    expect(error).toMatchObject({ code: "timeout", delivery: "not_sent", retryable: true });
    expect(requests).toEqual([]);
  });

  it("is asked for at the last moment: carries no request whose turn is stale by then, although it was fresh before", async () => {
    const requests: string[] = [];
    const { url } = await listenHttp((request, response) => {
      requests.push(request.url ?? "");
      response.end("{}");
    });
    let isFresh = true;
    // The process stands still after the connection is made.
    const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
      isFresh = false;
      return dispatch(options, handler);
    });
    closing.push(() => dispatcher.destroy());
    const error = await failure(client({ dispatcher }).send({ ...spending(url), isFresh: () => isFresh }));
    expect(error).toMatchObject({ code: "timeout", delivery: "not_sent", retryable: true });
    expect(requests).toEqual([]);
  });

  it("carries a read", async () => {
    const { url } = await listenHttp((_, response) => response.end("{}"));
    expect(await client(suspended()).send(reading(url))).toMatchObject({ status: 200 });
  });
});

describe("the delivery of a spend is unknown", () => {
  it("when the connection breaks after the request", async () => {
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

  it.each(Object.entries({ ...malformed, ...malformedBodies }))("when the answer is malformed: %s", async (_, text) => {
    const { url } = await listenRaw((socket) => socket.end(Buffer.from(text, "latin1")));
    const error = await failure(client().send(spending(url)));
    expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", retryable: true });
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+ sent an answer that cannot be read as HTTP\/1\.1 \(.+\) after the request was sent/);
    // The log prints causes.
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY })).not.toContain(PEER_SECRET);
  });

  it("when too many interim responses precede the answer", async () => {
    const { url } = await listenRaw((socket) => socket.end(`${"HTTP/1.1 102 Processing\r\n\r\n".repeat(1_000)}HTTP/1.1 200 OK\r\n\r\n`));
    const error = await failure(client().send(spending(url)));
    expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
    expect(error.message).toContain("more than 16 interim responses");
  });

  it("when interim responses never end", async () => {
    const { url } = await listenRaw((socket) => {
      const timer = setInterval(() => socket.write("HTTP/1.1 102 Processing\r\n\r\n"), 20);
      socket.once("close", () => clearInterval(timer));
    });
    const error = await failure(client({ answerMs: 100 }).send(spending(url)));
    expect(error).toMatchObject({ code: "timeout", delivery: "unknown", retryable: true });
    expect(error.cause).toMatchObject({ name: "HeadersTimeoutError" });
  });

  it("when the answer never begins", async () => {
    const { url } = await listenRaw(() => undefined);
    const error = await failure(client({ answerMs: 100 }).send(spending(url)));
    expect(error).toMatchObject({ code: "timeout", delivery: "unknown", retryable: true });
    expect(error.cause).toMatchObject({ name: "HeadersTimeoutError" });
  });

  it("when the answer stops coming", async () => {
    const { url } = await listenRaw((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    const error = await failure(client({ answerMs: 100 }).send(spending(url)));
    expect(error).toMatchObject({ code: "timeout", delivery: "unknown", retryable: true });
    expect(error.cause).toMatchObject({ name: "BodyTimeoutError" });
  });

  it("when the answer is endless", async () => {
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
    // The client has closed the connection instead of reading on.
    expect(sent).toBeLessThan(50_000_000);
  });

  it("when the answer is larger than the limit", async () => {
    const { url } = await listenHttp((_, response) => response.end("x".repeat(1_048_577)));
    expect((await failure(client().send(spending(url)))).message).toContain("larger than");
  });

  it("when the call is stopped after the request was sent", async () => {
    const stop = new AbortController();
    const { url } = await listenRaw(() => stop.abort());
    const error = await failure(client().send(spending(url, stop.signal)));
    expect(error).toMatchObject({ code: "cancelled", delivery: "unknown", retryable: false });
  });

  it("when the call is stopped in the middle of the answer", async () => {
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

  /** undici releases a connection one turn of the event loop after the answer. */
  const freed = async (): Promise<void> => {
    await eventLoopTurn();
    await eventLoopTurn();
  };

  it("are new for each spend", async () => {
    const server = await listenHttp(answering);
    const http = client();
    for (let sent = 1; sent <= 3; sent += 1) {
      await http.send(spending(server.url));
      expect(server.connections).toBe(sent);
    }
    await Promise.all([http.send(spending(server.url)), http.send(spending(server.url))]);
    expect(server.connections).toBe(5);
  });

  it("are kept for reads", async () => {
    const server = await listenHttp(answering);
    const http = client();
    for (let sent = 0; sent < 3; sent += 1) {
      await http.send(reading(server.url));
      await freed();
    }
    expect(server.connections).toBe(1);
  });

  it("of reads are not used by spends", async () => {
    const server = await listenHttp(answering);
    const http = client();
    await http.send(reading(server.url));
    await freed();
    await http.send(spending(server.url));
    await http.send(reading(server.url));
    expect(server.connections).toBe(2);
  });

  it("close with the client", async () => {
    let open = 0;
    const http = createHttpServer(answering);
    // The server must not close idle connections during the test.
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
    await mine.close();
    await idle;
    expect(open).toBe(0);
  });

  it("stay open when the caller has passed in the dispatcher", async () => {
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
