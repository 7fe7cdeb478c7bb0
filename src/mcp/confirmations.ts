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
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { PrefetchError } from "../base/errors.ts";
import type { CallContext } from "../prefetch/model/caller.ts";
import { type Agreement, ConfirmationNeeded, type Question } from "../prefetch/model/confirmation.ts";
import { principalOf } from "./caller.ts";

/** How long an answer counts. With a longer time, a forgotten window can still spend; with a shorter one, slow readers are asked again. */
const ANSWER_TTL_S = 600;
/** Questions to a client of 2025 in one call. More keep a call open whose plan changes again and again. */
const MOST_QUESTIONS = 3;

export interface ConfirmationOptions {
  /** Signs the questions. Processes that serve one endpoint share it. */
  readonly key: Uint8Array | string;
  /** The server asks at all. */
  readonly areAsked: boolean;
  /** Aborted when open questions must end. */
  readonly draining: AbortSignal;
  /** Told why a state was refused. */
  readonly onRefused: (reason: string) => void;
}

type FromUser = Pick<CallContext, "agreedTo" | "asksUser">;

export interface Confirmations {
  readonly areAsked: boolean;
  /** Refuses answers to questions that this server did not ask, or not this caller. An answer that comes too late counts as none. */
  readonly verify: (state: string, context: ServerContext) => Promise<unknown>;
  /**
   * Runs a call, and where it needs confirmation asks for it. Throws `ConfirmationNeeded` for a client that cannot ask, and `declined`
   * for any answer but a yes.
   */
  readonly during: <Answer>(
    context: ServerContext,
    server: McpServer,
    run: (fromUser: FromUser) => Promise<Answer>,
  ) => Promise<Outcome<Answer>>;
}

export type Outcome<Answer> =
  | { readonly kind: "answer"; readonly answer: Answer }
  /** The client passes the question on, and repeats the call with the answer. */
  | { readonly kind: "question"; readonly question: InputRequiredResult };

/** Travels to the client and back, signed. */
const askedState = z.object({ digest: z.string(), answer: z.string() });

const ANSWER = "confirm";
const answerSchema = {
  type: "object" as const,
  properties: { [ANSWER]: { type: "boolean" as const, title: "Send", description: "Off: nothing is sent.", default: true } },
};

export function createConfirmations({ key, areAsked, draining, onRefused }: ConfirmationOptions): Confirmations {
  const codec = createRequestStateCodec<Agreement>({
    key,
    ttlSeconds: ANSWER_TTL_S,
    bind: ({ http }) => `${principalOf(http?.authInfo).tenant}\0${http?.authInfo?.clientId ?? ""}`,
  });

  const questionFor = async ({ text, digest }: Question, context: ServerContext): Promise<InputRequiredResult> =>
    inputRequired({
      inputRequests: { [ANSWER]: inputRequired.elicit({ message: text, requestedSchema: answerSchema }) },
      requestState: await codec.mint({ digest, answer: crypto.randomUUID() }, context),
    });

  return {
    areAsked,

    verify: async (state, context) => {
      try {
        return await codec.verify(state, context);
      } catch (refusal) {
        const reason = refusal instanceof Error ? refusal.message : String(refusal);
        // The state stays a text then, which `answerIn` does not take.
        if (reason === "expired") return undefined;
        onRefused(`request state: ${reason}`);
        throw refusal;
      }
    },

    during: async (context, server, run) => {
      const asksUser = canAsk(context, server);
      const given = answerIn(context);
      const runWith = (agreedTo?: Agreement) => attempt(() => run({ asksUser, ...(agreedTo && { agreedTo }) }));
      const first = await runWith(given.kind === "yes" ? given.agreement : undefined);
      if (first.kind === "answer") return first;
      if (given.kind === "no") throw given.declined;
      if (!asksUser) throw first.needed;
      if (isModern(context)) return { kind: "question", question: await questionFor(first.needed.question, context) };
      return askAndRun(first.needed, (needed) => agreementTo(needed, server, context, draining), runWith);
    },
  };
}

/** A plan can change while the user reads, and then needs another answer. */
async function askAndRun<Answer>(
  first: ConfirmationNeeded,
  ask: (needed: ConfirmationNeeded) => Promise<Agreement>,
  runWith: (agreedTo: Agreement) => Promise<Attempt<Answer>>,
): Promise<Extract<Attempt<Answer>, { readonly kind: "answer" }>> {
  let needed = first;
  for (let asked = 0; asked < MOST_QUESTIONS; asked += 1) {
    const next = await runWith(await ask(needed));
    if (next.kind === "answer") return next;
    needed = next.needed;
  }
  throw declined("The plan changed during each question to the user");
}

/** Asks a client of the 2025 revisions. Throws `needed` for one that does not know the method that it has declared. */
async function agreementTo(
  needed: ConfirmationNeeded,
  server: McpServer,
  context: ServerContext,
  draining: AbortSignal,
): Promise<Agreement> {
  const { digest } = needed.question;
  const reply = await askNow(needed.question, server, context, draining);
  if (reply === "cannot ask") throw needed;
  const refusal = refusalIn(reply);
  if (refusal) throw refusal;
  return { digest, answer: crypto.randomUUID() };
}

type GivenAnswer =
  | { readonly kind: "none" }
  | { readonly kind: "yes"; readonly agreement: Agreement }
  | { readonly kind: "no"; readonly declined: PrefetchError };

/** The answer that came with this request. */
function answerIn({ mcpReq }: ServerContext): GivenAnswer {
  const agreement = askedState.safeParse(mcpReq.requestState()).data;
  const response = inputResponse(mcpReq.inputResponses, ANSWER);
  if (agreement === undefined || response.kind !== "elicit") return { kind: "none" };
  const refusal = refusalIn(response);
  return refusal ? { kind: "no", declined: refusal } : { kind: "yes", agreement };
}

type Attempt<Answer> =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "needed"; readonly needed: ConfirmationNeeded };

async function attempt<Answer>(run: () => Promise<Answer>): Promise<Attempt<Answer>> {
  try {
    return { kind: "answer", answer: await run() };
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

async function askNow(
  { text }: Question,
  { server }: McpServer,
  { mcpReq: { id, signal } }: ServerContext,
  draining: AbortSignal,
): Promise<ElicitResult | "cannot ask"> {
  const params = { mode: "form" as const, message: text, requestedSchema: answerSchema };
  const options = { timeout: ANSWER_TTL_S * 1_000, relatedRequestId: id, signal: AbortSignal.any([signal, draining]) };
  try {
    return await server.request({ method: "elicitation/create", params }, options);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof ProtocolError && cause.code === ProtocolErrorCode.MethodNotFound) return "cannot ask";
    throw declined("The question whether to send the list got no answer", cause);
  }
}

interface Reply {
  readonly action: ElicitResult["action"];
  readonly content?: Readonly<Record<string, unknown>> | undefined;
}

/** `undefined` for a yes. A host whose form is two buttons accepts without content. */
function refusalIn({ action, content }: Reply): PrefetchError | undefined {
  if (action === "cancel") return declined("The user closed the question without an answer");
  const said = action === "decline" ? false : (content?.[ANSWER] ?? true);
  if (said === true) return undefined;
  return declined(said === false ? "The user declined" : "The client's answer was neither yes nor no");
}

function declined(message: string, cause?: unknown): PrefetchError {
  return new PrefetchError("declined", message, {
    hint: "Nothing was sent and no quota was spent. Ask the user what to change first.",
    cause,
  });
}
