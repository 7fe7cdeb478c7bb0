/** The guard by itself, without the time-outs of undici. */

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import fc from "fast-check";
import { Agent, errors, request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { guardAnswers, InvalidAnswerError } from "../../../src/providers/kit/answer-guard.ts";
import { runs } from "../../fakes/runs.ts";
import { anyAnswer, malformed, malformedBodies, PEER_SECRET } from "../http/raw-edge-harness.ts";

const HINTS = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";

/** Asks a server whose answer `write` sends. */
async function ask(write: (socket: Socket) => void, answerMs = 60_000, signal?: AbortSignal): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => write(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  onTestFinished(async () => {
    await agent.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const dispatcher = agent.compose(guardAnswers(answerMs));
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/`, { dispatcher, signal });
  return `${statusCode} ${await body.text()}`;
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("an answer after interim responses", () => {
  it("arrives when they are at most 16", async () => {
    expect(await ask((socket) => socket.write(`${HINTS.repeat(16)}${HEAD}ok`))).toBe("200 ok");
    const error = await failure(ask((socket) => socket.write(`${HINTS.repeat(17)}${HEAD}ok`)));
    expect(error).toEqual(new InvalidAnswerError("more than 16 interim responses"));
  });

  it("arrives when its body takes longer than the headers may", async () => {
    const late = (socket: Socket): void => {
      socket.write(HINTS + HEAD);
      setTimeout(() => socket.write("ok"), 100);
    };
    expect(await ask(late, 20)).toBe("200 ok");
  });

  it("does not arrive when its headers take longer than they may", async () => {
    expect(await failure(ask((socket) => socket.write(HINTS), 20))).toBeInstanceOf(errors.HeadersTimeoutError);
  });
});

describe("an error", () => {
  it.each(Object.entries({ ...malformed, ...malformedBodies }))("says why and holds no byte of the answer: %s", async (_, text) => {
    const error = await failure(ask((socket) => socket.end(Buffer.from(text, "latin1"))));
    expect(error).toBeInstanceOf(InvalidAnswerError);
    expect(error).toMatchObject({ message: expect.stringMatching(/^[\x20-\x7e]{10,60}$/) });
    expect(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(PEER_SECRET);
  });

  it("holds no byte of the answer, for any bytes", async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (answer) => {
        const result = await failure(ask((socket) => socket.end(answer)));
        if (result instanceof Error)
          expect(inspect(result, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain(PEER_SECRET);
      }),
      { numRuns: runs(50) },
    );
  });

  it.each([
    ["before the answer", ""],
    ["within the body", `${HEAD}o`],
    ["within a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"],
    ["within a chunk, where it may", "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"],
  ])("is the network's when the connection closes %s", async (_, text) => {
    expect(await failure(ask((socket) => socket.end(text)))).toMatchObject({ code: "UND_ERR_SOCKET", message: "other side closed" });
  });

  it("is the caller's when the caller stops", async () => {
    const stop = new AbortController();
    const reason = new TypeError("enough");
    expect(await failure(ask(() => stop.abort(reason), 60_000, stop.signal))).toBe(reason);
  });

  it("is the connector's when there is no connection", async () => {
    const connect = () => {
      throw new PrefetchError("forbidden_domain", "Not public");
    };
    const agent = new Agent({ connect });
    onTestFinished(() => agent.destroy());
    const error = await failure(request("http://127.0.0.1:1/", { dispatcher: agent.compose(guardAnswers(1_000)) }));
    expect(error).toMatchObject({ code: "forbidden_domain" });
  });
});
