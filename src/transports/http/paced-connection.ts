/**
 * A connection that serves its requests one after the other. Node parses all the requests that a client sends ahead (HTTP pipelining) as
 * fast as they arrive, and starts them at once. This connection hands Node the bytes of the next request only when the last response is
 * out, so a client that sends ahead or does not read fills its own socket instead of this process.
 *
 * | state | bytes that go on to the parser |
 * |--|--|
 * | idle | up to the end of one request's headers |
 * | a request's body is incomplete | the body |
 * | a response is due | none |
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

const END_OF_HEADERS = "\r\n\r\n";
/** Bytes of headers, or of a body without a declared length. A larger piece can bring more requests; a smaller one costs more calls. */
const PIECE_BYTES = 2_048;
/** Pieces before other connections get a turn. */
const PIECES_PER_TURN = 64;

interface Waiting {
  readonly response: ServerResponse;
  readonly serve: () => void;
}

export class PacedConnection extends Duplex {
  readonly #socket: Socket;
  /** Received, and not yet for the parser. */
  #rest: Buffer = Buffer.alloc(0);
  #hasEnded = false;
  #isWanted = false;
  #piecesLeft = PIECES_PER_TURN;
  #latest: IncomingMessage | undefined;
  /** Bytes of the latest request's body that are still to come; 0 without a declared length. */
  #bodyLeft = 0;
  #isBusy = false;
  readonly #waiting: Waiting[] = [];

  constructor(socket: Socket) {
    // Without a read buffer, each piece is parsed before the next one is cut.
    super({ readableHighWaterMark: 0, writableHighWaterMark: socket.writableHighWaterMark });
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      socket.pause();
      this.#rest = chunk;
      this.#feed();
    });
    socket.once("end", () => {
      this.#hasEnded = true;
      this.#feed();
    });
    socket.on("error", (error) => this.destroy(error));
    socket.once("close", () => this.destroy());
    socket.on("timeout", () => this.emit("timeout"));
    socket.pause();
  }

  /** Calls `serve` when the responses to all earlier requests are out. */
  enqueue(request: IncomingMessage, response: ServerResponse, serve: () => void): void {
    this.#latest = request;
    this.#bodyLeft = Number(request.headers["content-length"] ?? 0);
    this.#waiting.push({ response, serve });
    if (!this.#isBusy) this.#serveNext();
  }

  #serveNext(): void {
    const next = this.destroyed ? undefined : this.#waiting.shift();
    this.#isBusy = next !== undefined;
    if (next) {
      // A turn between two requests keeps one connection from occupying the process.
      next.response.once("close", () => setImmediate(() => this.#serveNext()));
      next.serve();
    } else this.#feed();
  }

  #feed(): void {
    if (!this.#isWanted || this.destroyed) return;
    if (this.#rest.length === 0) this.#receive();
    else if (this.#isBusy && !this.#isBodyDue()) return;
    else if (this.#piecesLeft === 0) this.#feedInNextTurn();
    else this.#feedPiece();
  }

  #receive(): void {
    if (this.#hasEnded) this.push(null);
    else this.#socket.resume();
  }

  #isBodyDue(): boolean {
    return this.#latest !== undefined && !this.#latest.complete;
  }

  #feedPiece(): void {
    this.#piecesLeft -= 1;
    this.#isWanted = false;
    const size = this.#isBodyDue() && this.#bodyLeft > 0 ? Math.min(this.#rest.length, this.#bodyLeft) : sizeOfPiece(this.#rest);
    this.#bodyLeft = Math.max(0, this.#bodyLeft - size);
    const piece = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(size);
    this.push(piece);
  }

  #feedInNextTurn(): void {
    setImmediate(() => {
      this.#piecesLeft = PIECES_PER_TURN;
      this.#feed();
    });
  }

  override _read(): void {
    this.#isWanted = true;
    this.#feed();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done);
  }

  override _writev(
    chunks: readonly { readonly chunk: Buffer; readonly encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#socket.cork();
    for (const [index, { chunk, encoding }] of chunks.entries()) {
      this.#socket.write(chunk, encoding, index === chunks.length - 1 ? done : undefined);
    }
    this.#socket.uncork();
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** Node's HTTP server sets its keep-alive time and its time for stalled connections by these two names. */
  setTimeout(ms: number): this {
    this.#socket.setTimeout(ms);
    return this;
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }
}

function sizeOfPiece(bytes: Buffer): number {
  const end = bytes.subarray(0, PIECE_BYTES).indexOf(END_OF_HEADERS);
  return end < 0 ? Math.min(bytes.length, PIECE_BYTES) : end + END_OF_HEADERS.length;
}
