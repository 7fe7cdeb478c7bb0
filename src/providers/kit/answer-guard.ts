/**
 * Guards every answer against a peer that breaks HTTP. undici starts its time-out for the headers again at each interim
 * response (1xx), and its parser's errors hold the peer's bytes, which may be secrets and would reach the log.
 */

import { type Dispatcher, errors } from "undici";
import { PrefetchError } from "../../base/errors.ts";

/** The peer's answer cannot be read. The message says why and holds no byte of the answer. */
export class InvalidAnswerError extends Error {
  override readonly name = "InvalidAnswerError";
}

/**
 * Larger: a peer that floods a connection costs more time. Smaller: servers that report progress fail, such as one that sends
 * a 102 every two seconds.
 */
const MAX_INTERIM_RESPONSES = 16;

/** `answerMs` is the longest time from the request to the headers of the final response, whatever precedes them. */
export function guardAnswers(answerMs: number): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => dispatch(options, guarded(handler, answerMs));
}

/** Passes everything on but interim responses, which no caller uses. */
function guarded(handler: Dispatcher.DispatchHandler, answerMs: number): Dispatcher.DispatchHandler {
  let startedAt = 0;
  let interimResponses = 0;
  let hasBegun = false;
  let hasHeaders = false;
  let deadline: NodeJS.Timeout | undefined;

  const countInterim = (controller: Dispatcher.DispatchController): void => {
    interimResponses += 1;
    if (interimResponses > MAX_INTERIM_RESPONSES) {
      controller.abort(new InvalidAnswerError(`more than ${MAX_INTERIM_RESPONSES} interim responses`));
      return;
    }
    const restMs = answerMs - (performance.now() - startedAt);
    deadline ??= setTimeout(() => controller.abort(new errors.HeadersTimeoutError()), restMs);
  };

  return {
    onRequestStart: (controller, context) => {
      startedAt = performance.now();
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
    onResponseStarted: () => {
      hasBegun = true;
      handler.onResponseStarted?.();
    },
    onResponseStart: (controller, status, ...rest) => {
      if (status < 200) return countInterim(controller);
      hasHeaders = true;
      clearTimeout(deadline);
      handler.onResponseStart?.(controller, status, ...rest);
    },
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
    onResponseError: (controller, error) => {
      clearTimeout(deadline);
      // An abort is the caller's doing; its reason may be any error.
      const isOwn = controller?.aborted === true;
      handler.onResponseError?.(controller, isOwn ? error : withoutPeerBytes(error, hasBegun && !hasHeaders));
    },
  };
}

/** Only errors that are known to come from the caller, the network or a limit pass; every other one is about the answer. */
function withoutPeerBytes(error: Error, isWithinHead: boolean): Error {
  if (error instanceof PrefetchError) return error;
  if (error instanceof errors.HTTPParserError) return parserFault(error, isWithinHead);
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  // undici asserts some properties of an answer, such as a status of at least 100.
  if (code === undefined || code === "ERR_ASSERTION") return new InvalidAnswerError("unexpected by the parser");
  if (code === "UND_ERR_SOCKET" && /^bad (response|upgrade)$/.test(error.message)) {
    return new InvalidAnswerError("a status that was not asked for");
  }
  return isWithinHead && endsHead.has(code) ? new InvalidAnswerError("it breaks off within its headers") : error;
}

/** undici reports some malformed headers as a length mismatch. */
const endsHead: ReadonlySet<string> = new Set(["UND_ERR_SOCKET", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "ECONNRESET"]);

/** Protocols that answer on a port where HTTP/1.1 was expected, by their first bytes in hex. Only the name is passed on. */
const foreignProtocols: readonly (readonly [start: RegExp, name: string])[] = [
  // A SETTINGS frame on stream 0 opens every HTTP/2 connection (RFC 9113, section 6.5).
  [/^00.{4}040000000000/, "it speaks HTTP/2"],
  // An alert of TLS.
  [/^1503/, "it speaks TLS: use https"],
  // "SSH-"
  [/^5353482d/, "it speaks SSH"],
];
/** The bytes of the longest of these starts. */
const START_BYTES = 9;

/** The parser's reasons are fixed texts, such as "Invalid header token". They stand in parentheses at the message's end. */
function parserFault(error: errors.HTTPParserError, isWithinHead: boolean): Error {
  const { message } = error;
  const start = "data" in error && typeof error.data === "string" ? error.data.slice(0, START_BYTES) : "";
  const foreign = foreignProtocols.find(([pattern]) => pattern.test(Buffer.from(start).toString("hex")));
  if (foreign) return new InvalidAnswerError(foreign[1]);
  const [, reason = "unexpected by the parser"] = /\(([\x20-\x7e]{1,100})\)$/.exec(message) ?? [];
  // The same fault as a closed connection that was to be kept alive.
  if (reason === "Invalid EOF state" && !isWithinHead) return new errors.SocketError("other side closed");
  return new InvalidAnswerError(reason);
}
