/**
 * The SDK's transport interface over a pair of streams, with bounds. The SDK's own transport copies its whole buffer for each chunk, so
 * the time for a long line grows with the square of its length, and it reads on when the host does not read the answers.
 *
 * | state | reading | when |
 * |--|--|--|
 * | open | yes | |
 * | held | no | many answers are due, or the host does not read them |
 * | ended | no, but the last line counts without its end | stdin ends |
 * | closed | no, and nothing is written | after the answers to the last requests, the host leaves more than `MOST_QUEUED_BYTES` unread, a line is too long, or a stream breaks |
 */

import type { Readable, Writable } from "node:stream";
import { serializeMessage, type Transport } from "@modelcontextprotocol/server";
import type { Breathe } from "../base/breathe.ts";
import { createJsonGauge, type JsonGauge } from "../base/json-gauge.ts";
import { createLineReader } from "./line-reader.ts";
import { costOf, LARGE_MESSAGE, limitProblem, limitTexts, messageMemory, parseMessage } from "./message-cost.ts";
import { PARSE_ERROR, type RpcRefusal, readRpcMessage } from "./rpc-message.ts";
import { createUnanswered } from "./unanswered.ts";

/** Holds 10,000 URLs of the greatest length that a vendor accepts. A smaller limit would break such calls. */
const LONGEST_LINE = 128 * 1_048_576;
/** Requests without an answer. More of them hold more memory; fewer would hold up a host that waits for many tasks. */
const MOST_REQUESTS = 1_000;
/** The host has this much to read before the server reads on. A larger limit holds more memory; a smaller one slows bursts down. */
const MOST_UNREAD_BYTES = 1_048_576;
/** Answers of all requests in flight and their progress fit. A host that leaves more unread has stopped reading. */
const MOST_QUEUED_BYTES = 64 * 1_048_576;
/** For answers after the end of stdin. Longer: a server outlives a host that is gone. Shorter: a piped request to a slow vendor has none. */
const LAST_ANSWERS_MS = 10_000;
const LINE_END = Buffer.from("\n");
const INVALID_REQUEST = -32_600;
const SPACE = 0x20;

export interface StdioLimits {
  readonly requests: number;
  readonly unreadBytes: number;
  readonly queuedBytes: number;
  readonly longestLine: number;
  /** Bytes of memory for requests without an answer. */
  readonly memory: number;
}

export interface StdioDeps {
  readonly breathe: Breathe;
  /** Logs why a line was not delivered. */
  readonly noteRefusal: (reason: string) => void;
  /** Makes calls that wait answer at once. */
  readonly drain: () => void;
}

const defaultLimits = (): StdioLimits => ({
  requests: MOST_REQUESTS,
  unreadBytes: MOST_UNREAD_BYTES,
  queuedBytes: MOST_QUEUED_BYTES,
  longestLine: LONGEST_LINE,
  memory: messageMemory(),
});

export function createStdioTransport(
  input: Readable,
  output: Writable,
  { breathe, noteRefusal, drain }: StdioDeps,
  limits: StdioLimits = defaultLimits(),
): Transport {
  const lines = createLineReader(limits.longestLine);
  const unanswered = createUnanswered();
  let isClosed = false;
  let isResuming = false;
  let isReading = false;
  /** Set from the end of stdin on, which also closes the stream. It keeps the process alive until the last answers are written. */
  let lastAnswers: NodeJS.Timeout | undefined;

  const isHeld = (): boolean =>
    unanswered.count() >= limits.requests || unanswered.cost() >= limits.memory || output.writableLength > limits.unreadBytes;

  /** Delivers lines until the transport is held. A line that arrived in the same chunk waits, too. */
  const read = async (): Promise<void> => {
    // One line at a time, in order: a large line is read in several turns.
    if (isReading) return;
    isReading = true;
    try {
      while (!isClosed && !isHeld()) {
        const line = lines.next();
        if (!line) return void input.resume();
        await deliver(line);
      }
    } catch (error) {
      fail(asError(error));
    } finally {
      isReading = false;
      closeWhenAnswered();
    }
  };

  const closeWhenAnswered = (): void => {
    if (lastAnswers !== undefined && !isReading && unanswered.count() === 0) void transport.close();
  };

  const deliver = async (line: Buffer): Promise<void> => {
    const gauge = await measured(line, breathe);
    const problem = limitProblem(gauge);
    if (problem !== undefined) return refuse({ id: null, code: INVALID_REQUEST, message: `The message has ${limitTexts[problem]}` });
    const value = await parsed(line, breathe);
    // Some hosts end messages with blank lines.
    if (value === undefined && !isBlank(line)) return refuse({ id: null, code: PARSE_ERROR, message: "Parse error: the line is not JSON" });
    if (isClosed || value === undefined) return;
    const reading = readRpcMessage(value.json);
    if (reading.kind === "refused") return refuse(reading.refusal);
    if (reading.kind === "dropped") return noteRefusal(reading.reason);
    unanswered.noteReceived(reading.message, costOf(line.length, gauge.values()));
    transport.onmessage?.(reading.message);
  };

  const refuse = ({ id, code, message }: RpcRefusal): void => {
    noteRefusal(message);
    write(`${JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } })}\n`);
  };

  const readSoon = (): void => {
    if (isResuming) return;
    isResuming = true;
    setImmediate(() => {
      isResuming = false;
      void read();
    });
  };

  const receive = (chunk: Buffer): void => {
    input.pause();
    lines.add(chunk);
    void read();
  };

  const write = (text: string): void => {
    output.write(text, () => {
      if (!isClosed) readSoon();
    });
    if (output.writableLength > limits.queuedBytes) fail(new Error(`The host left more than ${limits.queuedBytes} bytes unread`));
  };

  const fail = (error: Error): void => {
    if (isClosed) return;
    transport.onerror?.(error);
    void transport.close();
  };
  const end = (): void => {
    lastAnswers = setTimeout(() => void transport.close(), LAST_ANSWERS_MS);
    lines.add(LINE_END);
    drain();
    void read();
  };

  const transport: Transport = {
    start: async () => {
      input.on("data", receive);
      input.on("error", fail);
      input.once("end", end);
      input.once("close", () => lastAnswers ?? transport.close());
      output.on("error", fail);
    },
    // It resolves when the message is queued: the SDK handles no message while it waits, and the queue is bounded.
    send: async (message) => {
      if (isClosed) throw new Error("The connection to the host is closed");
      unanswered.noteSent(message);
      write(serializeMessage(message));
      closeWhenAnswered();
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      clearTimeout(lastAnswers);
      input.off("data", receive);
      input.pause();
      transport.onclose?.();
    },
  };
  return transport;
}

/** Stops at the first violation. */
async function measured(line: Buffer, breathe: Breathe): Promise<JsonGauge> {
  const gauge = createJsonGauge();
  for (let at = 0; at < line.length && !limitProblem(gauge); at += LARGE_MESSAGE) {
    gauge.add(line.subarray(at, at + LARGE_MESSAGE));
    const pause = line.length > LARGE_MESSAGE ? breathe() : undefined;
    if (pause) await pause;
  }
  return gauge;
}

/** `undefined` for a line that is no JSON. */
async function parsed(line: Buffer, breathe: Breathe): Promise<{ readonly json: unknown } | undefined> {
  try {
    return { json: await parseMessage(line, breathe) };
  } catch {
    return undefined;
  }
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte <= SPACE);
}

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
