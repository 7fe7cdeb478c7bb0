/** The server of an emulated product of Tencent Cloud: signature, action, version, rate and log around its calls. */

import { createRateLimit, type DailyQuota } from "../limits.ts";
import { parseJson } from "../server/json.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { startVendor, type VendorEmulator, type VendorLogEntry } from "../vendor-emulator.ts";
import type { WarmedUrls } from "../warmed-urls.ts";
import { answerOf, type Reply, replyOf, TencentError } from "./answer.ts";
import { createSignatureCheck, type SandboxKeys } from "./signature-check.ts";

/** The body of a request. */
export type Params = Readonly<Record<string, unknown>>;

/** One call of the API. */
export type Action = (params: Params) => Reply;

export interface TencentFacts {
  readonly action: string;
  /** The vendor's code of a refusal. */
  readonly code?: string;
  readonly params: Params;
}

/** Behaviour that the emulators of all products share. */
export interface TencentEmulatorOptions {
  readonly now?: () => number;
  readonly user?: Partial<SandboxKeys>;
  /** The limit of each action. */
  readonly callsPerSecond?: number;
  /** A code with which the vendor refuses every call that changes something, such as `UnauthorizedOperation.CdnUserIsSuspended`. */
  readonly accountCode?: string;
  /** Milliseconds from acceptance to a task's first finished URL, and from each URL to the next. */
  readonly firstMs?: number;
  readonly eachMs?: number;
  readonly dailyLimit?: number;
  readonly refreshesPerDay?: number;
  /** Milliseconds until the list shows an accepted task. */
  readonly listDelayMs?: number;
}

interface FrameOptions {
  readonly service: string;
  readonly version: string;
  readonly actions: ReadonlyMap<string, Action>;
  readonly warmed: Pick<WarmedUrls, "warmedAt">;
  readonly quota: Pick<DailyQuota, "spent">;
}

export interface TencentEmulator extends VendorEmulator<VendorLogEntry & TencentFacts> {
  readonly user: SandboxKeys;
}

const defaultKeys: SandboxKeys = { secretId: "AKIDsandbox000000000000000000000000", secretKey: "sandboxSecretKey0000000000000000" };

export async function startTencent(
  { now = Date.now, user: given, callsPerSecond = 20, accountCode }: TencentEmulatorOptions,
  { service, version, actions, warmed, quota }: FrameOptions,
): Promise<TencentEmulator> {
  const user: SandboxKeys = { ...defaultKeys, ...given };
  const checkSignature = createSignatureCheck(user, service, now);
  const rates = new Map([...actions.keys()].map((name) => [name, createRateLimit(callsPerSecond, 1_000, now)]));

  const actionFor = (request: ReceivedRequest, name: string): Action => {
    if (request.method !== "POST" || request.target !== "/") throw new TencentError("InvalidRequest", "The request is invalid.");
    checkSignature(request);
    const action = actions.get(name);
    if (!action) throw new TencentError("InvalidAction", `The request action=\`${name}\` is invalid or not found.`);
    if (request.headers.get("x-tc-version") !== version) throw new TencentError("NoSuchVersion", "The version is not found.");
    if (rates.get(name)?.() === false) throw new TencentError("RequestLimitExceeded", "Your current request exceeds the frequency limit.");
    return action;
  };

  const call = (request: ReceivedRequest, name: string, params: Params | undefined): Reply => {
    const action = actionFor(request, name);
    if (!params) throw new TencentError("InvalidParameter", "The request body is not a JSON object.");
    if (accountCode !== undefined && !name.startsWith("Describe")) throw new TencentError(accountCode, "The account is refused.");
    return action(params);
  };

  const emulator = await startVendor<TencentFacts>({
    now,
    warmed,
    quota,
    actionOf: ({ headers }) => headers.get("x-tc-action"),
    respond: (request) => {
      const action = request.headers.get("x-tc-action") ?? "";
      const params = paramsOf(request);
      const reply = replyOf(() => call(request, action, params));
      const facts = { action, params: params ?? {}, ...(reply instanceof TencentError && { code: reply.code }) };
      return { answer: answerOf(reply), accepted: reply instanceof TencentError ? [] : reply.accepted, facts };
    },
  });
  return {
    ...emulator,
    get spentToday() {
      return emulator.spentToday;
    },
    user,
  };
}

function paramsOf({ body }: ReceivedRequest): Params | undefined {
  const parsed = parseJson(body.toString());
  return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined;
}
