import { PassThrough, Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { createStdioTransport, type StdioLimits } from "../../src/transports/stdio-transport.ts";

const MIB = 1_048_576;
const generous: StdioLimits = { requests: 100, unreadBytes: MIB, queuedBytes: 4 * MIB, longestLine: MIB, memory: 64 * MIB };
const request = (id: number, params: object = {}) => ({ jsonrpc: "2.0", id, method: "tools/list", params });
const answer = (id: number, size = 0): JSONRPCMessage => ({ jsonrpc: "2.0", id, result: { text: "x".repeat(size) } });
const lineOf = (message: object): string => `${JSON.stringify(message)}\n`;

/** A host that reads only when the test lets it. */
class Host extends Writable {
  readonly received: string[] = [];
  #release: (() => void)[] = [];
  #isReading = true;

  stopReading(): void {
    this.#isReading = false;
  }

  readAll(): void {
    this.#isReading = true;
    for (const release of this.#release.splice(0)) release();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    const take = (): void => {
      this.received.push(chunk.toString());
      done();
    };
    if (this.#isReading) take();
    else this.#release.push(take);
  }
}

async function connection(limits: Partial<StdioLimits> = {}) {
  const input = new PassThrough({ highWaterMark: 1_024 });
  const host = new Host();
  const transport = createStdioTransport(
    input,
    host,
    { breathe: () => undefined, noteRefusal: (reason) => refusals.push(reason), drain: () => (drained += 1) },
    { ...generous, ...limits },
  );
  const delivered: unknown[] = [];
  const events: string[] = [];
  const refusals: string[] = [];
  let drained = 0;
  transport.onmessage = (message) => delivered.push("method" in message && !("id" in message) ? message.method : message.id);
  transport.onerror = ({ message }) => events.push(message);
  transport.onclose = () => events.push("closed");
  await transport.start();
  return { input, host, transport, delivered, events, refusals, drains: () => drained };
}

/** Turns in which a transport without bounds would deliver everything that has arrived. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
}

describe("a host that sends many requests", () => {
  it("has as many delivered as may be unanswered, and one more for each answer", async () => {
    const { input, transport, delivered } = await connection({ requests: 3 });
    input.write(Array.from({ length: 9 }, (_, id) => lineOf(request(id))).join(""));
    await someTurns();
    expect(delivered).toEqual([0, 1, 2]);
    await transport.send(answer(1));
    await someTurns();
    expect(delivered).toEqual([0, 1, 2, 3]);
    for (const id of [0, 2, 3]) await transport.send(answer(id));
    await someTurns();
    expect(delivered).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("has the next request delivered when it cancels one, which gets no answer", async () => {
    const { input, delivered } = await connection({ requests: 2 });
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 0 } };
    input.write([request(0), cancel, request(1), request(2), request(3)].map(lineOf).join(""));
    await someTurns();
    expect(delivered).toEqual([0, "notifications/cancelled", 1, 2]);
  });

  it("has no further message delivered while the unanswered ones take the memory", async () => {
    const { input, transport, delivered } = await connection({ memory: 100_000 });
    const list = { urls: Array.from({ length: 120 }, () => "u") };
    input.write([request(0, list), request(1), request(2)].map(lineOf).join(""));
    await someTurns();
    expect(delivered).toEqual([0]);
    await transport.send(answer(0));
    await someTurns();
    expect(delivered).toEqual([0, 1, 2]);
  });
});

describe("the end of stdin", () => {
  it("ends the last line, and the connection closes once its request is answered", async () => {
    const { input, host, transport, delivered, events, drains } = await connection();
    input.end(JSON.stringify(request(7)));
    await someTurns();
    expect(drains()).toBe(1);
    expect([delivered, events]).toEqual([[7], []]);
    await transport.send(answer(7));
    expect(events).toEqual(["closed"]);
    expect(host.received.join("")).toContain('"id":7');
  });

  it("closes the connection at once when no request is unanswered", async () => {
    const { input, delivered, events, refusals } = await connection();
    input.end(lineOf({ jsonrpc: "2.0", method: "notifications/initialized" }));
    await someTurns();
    expect([delivered, events, refusals]).toEqual([["notifications/initialized"], ["closed"], []]);
  });

  it("closes the connection at once when stdin breaks", async () => {
    const { input, events } = await connection();
    input.write(lineOf(request(1)));
    await someTurns();
    input.destroy();
    await someTurns();
    expect(events).toEqual(["closed"]);
  });
});

describe("a host that does not read", () => {
  it("is not read from, and is again when it has read", async () => {
    const { input, host, transport, delivered, events } = await connection({ unreadBytes: 10_000 });
    host.stopReading();
    await transport.send(answer(90, 10_001));
    input.write(lineOf(request(0)));
    await someTurns();
    expect(delivered).toEqual([]);
    expect(input.isPaused()).toBe(true);
    host.readAll();
    await someTurns();
    expect(delivered).toEqual([0]);
    expect(events).toEqual([]);
  });

  it("loses the connection when more is queued than it may leave unread", async () => {
    const { input, host, transport, delivered, events } = await connection({ queuedBytes: 50_000 });
    host.stopReading();
    for (let id = 0; id < 4; id += 1) await transport.send(answer(id, 12_000));
    expect(events).toEqual([]);
    await transport.send(answer(4, 12_000));
    expect(events).toEqual(["The host left more than 50000 bytes unread", "closed"]);
    await expect(transport.send(answer(5))).rejects.toThrow("closed");
    input.write(lineOf(request(0)));
    await someTurns();
    expect(delivered).toEqual([]);
  });
});

describe("lines that are no usable messages", () => {
  it.each([
    ["more values than a message may have", `{"a":[${"[],".repeat(16_000)}[]]}`, "more than 16000 values"],
    ["nesting without end", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, "more than 64 levels of nesting"],
  ])("get an error without being parsed when they have %s", async (_, line, text) => {
    const { input, host, delivered, events } = await connection();
    input.write(`${line}\n${lineOf(request(1))}`);
    await someTurns();
    expect(JSON.parse(host.received.join(""))).toMatchObject({
      id: null,
      error: { code: -32_600, message: expect.stringContaining(text) },
    });
    expect([delivered, events]).toEqual([[1], []]);
  });

  it("get a parse error without an id when they are not JSON, unless they are blank", async () => {
    const { input, host, delivered, events, refusals } = await connection();
    input.write(`hello\n\n \t\r\n{"jsonrpc":\n${lineOf(request(1))}`);
    await someTurns();
    const error = { code: -32_700, message: "Parse error: the line is not JSON" };
    expect(host.received.map((line) => JSON.parse(line))).toEqual([0, 1].map(() => ({ jsonrpc: "2.0", id: null, error })));
    expect([delivered, events, refusals]).toEqual([[1], [], [error.message, error.message]]);
  });

  it("get an error with their id when they are requests that cannot be used, and none when they are responses", async () => {
    const { input, host, delivered, events, refusals } = await connection();
    input.write(`{"jsonrpc":"2.0","id":"a"}\n{"jsonrpc":"2.0","id":7,"error":{}}\n${lineOf(request(1))}`);
    await someTurns();
    const answers = host.received.map((line) => JSON.parse(line));
    expect(answers).toEqual([{ jsonrpc: "2.0", id: "a", error: { code: -32_600, message: "Invalid request: method: is missing." } }]);
    expect([delivered, events]).toEqual([[1], []]);
    expect(refusals).toEqual(["Invalid request: method: is missing.", "The response is malformed"]);
  });

  it("end the connection when they are longer than the limit", async () => {
    const { input, events } = await connection({ longestLine: 10_000 });
    input.write("x".repeat(10_001));
    await someTurns();
    expect(events).toEqual(["A message has more than 10000 bytes", "closed"]);
  });
});

it("the end of the input ends the connection once", async () => {
  const { input, transport, events } = await connection();
  input.end();
  await someTurns();
  await transport.close();
  expect(events).toEqual(["closed"]);
});
