/**
 * Asks the person at the client before a large call is sent, and reads the answer. A client of 2026-07-28 gets the question as the
 * result and repeats the call with the answer; a client of the 2025 revisions is asked while the call waits.
 */

import {
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type ElicitResult,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type McpServer,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Clock } from "../base/clock.ts";
import { PrefetchError } from "../base/errors.ts";
import { ConfirmationNeeded, type Question } from "../prefetch/model/confirmation.ts";
import { principalOf } from "./caller.ts";

/**
 * How long an answer counts. Longer than the 10 minutes in which a repeated URL is known, the same list could be sent a second
 * time with one answer by another process; shorter, a person who reads the question slowly is asked again.
 */
const ANSWER_TTL_S = 600;

export interface ConfirmationOptions {
  readonly clock: Pick<Clock, "monotonic">;
  /** Signs the questions. Processes that serve one endpoint share it. */
  readonly key: Uint8Array | string;
  /** The server asks at all. */
  readonly areAsked: boolean;
}

export interface Confirmations {
  readonly areAsked: boolean;
  /** Refuses answers to questions that this server did not ask, or not this caller, or too long ago. */
  readonly verify: (state: string, context: ServerContext) => Promise<unknown>;
  /**
   * Runs a call, and where it needs confirmation asks for it. `run` gets the digest of the plan that the person has agreed to.
   * Throws `ConfirmationNeeded` for a client that cannot ask, and `declined` for any answer but a yes.
   */
  readonly during: <Answer>(
    context: ServerContext,
    server: McpServer,
    run: (agreedTo: string | undefined) => Promise<Answer>,
  ) => Promise<Outcome<Answer>>;
}

export type Outcome<Answer> =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The client passes the question on, and repeats the call with the answer. */
  | { readonly kind: "question"; readonly question: InputRequiredResult };

/** How long a client of the 2025 revisions may show the question. Hosts give up on a call much earlier. */
const LONGEST_QUESTION_MS = 600_000;

/** Travels to the client and back, signed. */
const askedState = z.object({ digest: z.string(), id: z.string() });

const ANSWER = "confirm";
const answerSchema = {
  type: "object" as const,
  properties: { [ANSWER]: { type: "boolean" as const, title: "Send", description: "Send it and spend the quota.", default: true } },
  required: [ANSWER],
};

export function createConfirmations({ clock, key, areAsked }: ConfirmationOptions): Confirmations {
  const { mint, verify } = createRequestStateCodec<z.infer<typeof askedState>>({
    key,
    ttlSeconds: ANSWER_TTL_S,
    bind: ({ http }) => `${principalOf(http?.authInfo).tenant}\0${http?.authInfo?.clientId ?? ""}`,
  });
  const used = createUsedAnswers(clock);

  /** The answer that came with this request. Throws `declined` for any answer but a yes. */
  const answerIn = ({ mcpReq }: ServerContext): GivenAnswer => {
    const state = askedState.safeParse(mcpReq.requestState()).data;
    const response = inputResponse(mcpReq.inputResponses, ANSWER);
    if (state === undefined || response.kind !== "elicit") return { kind: "none" };
    refuseAllButYes(response);
    return used.use(state.id) ? { kind: "yes", digest: state.digest } : { kind: "replay" };
  };

  const questionFor = async ({ text, digest }: Question, context: ServerContext): Promise<InputRequiredResult> =>
    inputRequired({
      inputRequests: { [ANSWER]: inputRequired.elicit({ message: text, requestedSchema: answerSchema }) },
      requestState: await mint({ digest, id: crypto.randomUUID() }, context),
    });

  return {
    areAsked,
    verify,
    during: async (context, server, run) => {
      const given = answerIn(context);
      const first = await attempt(run, given.kind === "yes" ? given.digest : undefined);
      if (first.kind === "answer") return first;
      const { needed } = first;
      if (given.kind === "replay") throw replayed();
      if (!canAsk(context, server)) throw needed;
      if (isModern(context)) return { kind: "question", question: await questionFor(needed.question, context) };
      refuseAllButYes(await askNow(needed.question, server, context));
      return { kind: "answer", answer: await run(needed.question.digest) };
    },
  };
}

type GivenAnswer = { readonly kind: "none" | "replay" } | { readonly kind: "yes"; readonly digest: string };

type Attempt<Answer> =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "needed"; readonly needed: ConfirmationNeeded };

async function attempt<Answer>(run: (agreedTo: string | undefined) => Promise<Answer>, agreedTo?: string): Promise<Attempt<Answer>> {
  try {
    return { kind: "answer", answer: await run(agreedTo) };
  } catch (thrown) {
    if (thrown instanceof ConfirmationNeeded) return { kind: "needed", needed: thrown };
    throw thrown;
  }
}

function isModern({ mcpReq }: ServerContext): boolean {
  return mcpReq.envelope !== undefined;
}

const declaration = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.object({ elicitation: z.object({ form: z.unknown(), url: z.unknown() }).partial() }),
});

/**
 * An empty `elicitation` declares forms. Over HTTP a client of the 2025 revisions declares nothing, because no request of the server
 * could reach it. Source: MCP 2025-11-25, elicitation, capabilities.
 */
function canAsk({ mcpReq: { envelope } }: ServerContext, { server }: McpServer): boolean {
  const { data } = declaration.safeParse(envelope ?? { [CLIENT_CAPABILITIES_META_KEY]: server.getClientCapabilities() });
  if (!data) return false;
  const { form, url } = data[CLIENT_CAPABILITIES_META_KEY].elicitation;
  return form !== undefined || url === undefined;
}

/** A client of the 2025 revisions answers a request of the server. */
async function askNow({ text }: Question, { server }: McpServer, { mcpReq: { id, signal } }: ServerContext): Promise<ElicitResult> {
  const params = { mode: "form" as const, message: text, requestedSchema: answerSchema };
  const options = { timeout: LONGEST_QUESTION_MS, resetTimeoutOnProgress: true, relatedRequestId: id, signal };
  try {
    return await server.request({ method: "elicitation/create", params }, options);
  } catch (cause) {
    signal.throwIfAborted();
    throw declined("The question whether to send the list got no answer", cause);
  }
}

interface Reply {
  readonly action: ElicitResult["action"];
  readonly content?: Readonly<Record<string, unknown>> | undefined;
}

function refuseAllButYes({ action, content }: Reply): void {
  if (action === "accept" && content?.[ANSWER] === true) return;
  throw declined(action === "cancel" ? "The user closed the question without an answer" : "The user declined");
}

function declined(message: string, cause?: unknown): PrefetchError {
  return new PrefetchError("declined", message, {
    hint: "Nothing was sent and no quota was spent. Ask the user what to change before you call again.",
    cause,
  });
}

function replayed(): PrefetchError {
  return new PrefetchError("confirmation_required", "This answer of the user was used already, for one call", {
    hint: "Nothing more was sent. list_prefetch_tasks shows what the answer sent; call again without the old answer to ask anew.",
  });
}

/** Remembers the answers that were used, for as long as their signatures hold. */
function createUsedAnswers(clock: ConfirmationOptions["clock"]) {
  const expiries = new Map<string, number>();
  return {
    /** False for an answer that was used before. */
    use: (id: string): boolean => {
      const now = clock.monotonic();
      for (const [old, expiry] of expiries) {
        if (expiry > now) break;
        expiries.delete(old);
      }
      if (expiries.has(id)) return false;
      expiries.set(id, now + ANSWER_TTL_S * 1_000);
      return true;
    },
  };
}
