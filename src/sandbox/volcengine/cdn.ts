/** An emulator of Volcengine CDN's API on loopback. It follows the vendor's documentation and limits and warms nothing. */

import { CHINA_UTC_OFFSET_HOURS, createDailyQuota, createRateLimit } from "../limits.ts";
import { parseJson } from "../server/json.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { createUrlTasks } from "../url-tasks.ts";
import { startVendor, type VendorEmulator, type VendorLogEntry } from "../vendor-emulator.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { answerOf, type Reply, VolcError } from "./answer.ts";
import { type CallOptions, createCalls, type TaskType } from "./calls.ts";
import { createSignatureCheck, type SandboxKeys } from "./signature-check.ts";

export interface VolcengineCdnEmulatorOptions extends Partial<Pick<CallOptions, "refusalStatus" | "quotaCode" | "takes">> {
  readonly now?: () => number;
  readonly user?: Partial<SandboxKeys>;
  readonly isKeyDisabled?: boolean;
  /** Region in the scope of signatures: BytePlus has another one. */
  readonly region?: string;
  /** Milliseconds from acceptance to a task's first finished URL, and from each URL to the next. */
  readonly firstMs?: number;
  readonly eachMs?: number;
  readonly dailyLimit?: number;
  readonly refreshesPerDay?: number;
  readonly domains?: readonly string[];
  /** Domains of the account that are out of service. */
  readonly stoppedDomains?: readonly string[];
  /** Milliseconds until the task list shows an accepted task. */
  readonly listDelayMs?: number;
  /** The limit of each action: the vendor publishes limits by action. */
  readonly callsPerSecond?: number;
}

export interface VolcengineFacts {
  readonly action: string;
  /** The vendor's code of a refusal. */
  readonly code?: string;
  readonly body: unknown;
}

export interface VolcengineCdnEmulator extends VendorEmulator<VendorLogEntry & VolcengineFacts> {
  readonly user: SandboxKeys;
}

const VERSION = "2021-03-01";
const defaultKeys: SandboxKeys = { accessKeyId: "AKLTsandbox00000000000000000000", secretKey: "c2FuZGJveFNlY3JldEtleQ00000000" };
const prefixes = { preload: "prefetch_url", refresh_file: "refresh_url" } as const;

export async function startVolcengineCdn(options: VolcengineCdnEmulatorOptions = {}): Promise<VolcengineCdnEmulator> {
  const { now = Date.now, firstMs = 1_500, eachMs = 20, dailyLimit = 1_000, refreshesPerDay = 10_000, listDelayMs = 0 } = options;
  const { domains = ["volc-cdn.example.net"], stoppedDomains = [], callsPerSecond = 20, region = "cn-north-1" } = options;
  const { refusalStatus = 200, quotaCode = "InvalidParameter.NoActionQuota", takes = () => true } = options;
  const user: SandboxKeys = { ...defaultKeys, ...options.user };
  const warmed = createWarmedUrls(now);
  const quotas = {
    preload: createDailyQuota(dailyLimit, now, CHINA_UTC_OFFSET_HOURS),
    refresh_file: createDailyQuota(refreshesPerDay, now, CHINA_UTC_OFFSET_HOURS),
  };
  const idOf = (earlier: number, type: TaskType) => `${prefixes[type]}_${(0x89c2_5a1a_a304 + earlier).toString(16)}`;
  const tasks = createUrlTasks<TaskType>({ now, warmed, firstMs, eachMs, warms: "preload", idOf });
  const inService = new Map([...domains.map((name) => [name, true] as const), ...stoppedDomains.map((name) => [name, false] as const)]);
  const calls = createCalls({ now, tasks, quotas, domains: inService, listDelayMs, refusalStatus, quotaCode, takes });
  const rates = new Map([...calls.keys()].map((name) => [name, createRateLimit(callsPerSecond, 1_000, now)]));
  const checkSignature = createSignatureCheck(user, { now, region, isDisabled: options.isKeyDisabled ?? false });

  const perform = (request: ReceivedRequest, { action, version }: ReturnType<typeof askedOf>): Reply => {
    checkSignature(request);
    const call = calls.get(action);
    if (!call || version !== VERSION) {
      throw new VolcError(404, "InvalidActionOrVersion", `Could not find operation ${action} for version ${version}.`);
    }
    if (request.method !== "POST") throw new VolcError(405, "MethodNotAllowed", "HTTP Method Not Allowed.");
    if (rates.get(action)?.() === false)
      throw new VolcError(429, "FlowLimitExceeded", "Request was rejected because of flow limit exceeded.");
    return call(request.body.length === 0 ? {} : parseJson(request.body.toString()));
  };

  const emulator = await startVendor<VolcengineFacts>({
    now,
    warmed,
    quota: quotas.preload,
    actionOf: ({ url }) => url.searchParams.get("Action") ?? undefined,
    respond: (request) => {
      const asked = askedOf(request);
      const facts = { action: asked.action, body: parseJson(request.body.toString()) };
      const reply = replyOf(() => perform(request, asked));
      const answer = answerOf(reply, { ...asked, region });
      if (reply instanceof VolcError) return { answer, facts: { ...facts, code: reply.code } };
      return { answer, accepted: reply.accepted, facts };
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

function askedOf({ url }: ReceivedRequest) {
  return { action: url.searchParams.get("Action") ?? "", version: url.searchParams.get("Version") ?? "" };
}

function replyOf(call: () => Reply): Reply | VolcError {
  try {
    return call();
  } catch (error) {
    if (error instanceof VolcError) return error;
    throw error;
  }
}
