/** The server of an emulated product of Alibaba Cloud: signature, version, rate, account and log around its actions. */

import type { DailyQuota } from "../limits.ts";
import { startVendor, type VendorEmulator, type VendorLogEntry } from "../vendor-emulator.ts";
import type { WarmedUrls } from "../warmed-urls.ts";
import { AcsError, answerOf, replyOf } from "./answer.ts";
import { type Action, createDispatcher, type DispatcherPolicy } from "./dispatcher.ts";
import type { DomainState } from "./domains.ts";
import { type Params, paramsOf } from "./params.ts";
import { createSignatureCheck, type SandboxKeys } from "./signature-check.ts";

export interface AlibabaFacts {
  readonly action: string;
  /** The vendor's code of a refusal. */
  readonly code?: string;
  readonly params: Params;
}

/** Behaviour that the emulators of all products share. */
export interface AlibabaEmulatorOptions extends DispatcherPolicy {
  readonly now?: () => number;
  readonly user?: Partial<SandboxKeys>;
  /** Milliseconds from acceptance to a request's first finished URL, and from each URL to the next. */
  readonly firstMs?: number;
  readonly eachMs?: number;
  readonly dailyLimit?: number;
  /** URLs of one domain that may wait at once. */
  readonly queueLimit?: number;
  readonly domains?: readonly string[];
  /** Domains that are out of service. */
  readonly domainStates?: Readonly<Record<string, DomainState>>;
  /** Whether the quota's values are text or numbers. */
  readonly numbers?: "strings" | "numbers";
  /** Whether the task list shows URLs with their scheme. */
  readonly echoScheme?: boolean;
  /** Milliseconds until the task list shows an accepted task. */
  readonly listDelayMs?: number;
}

interface FrameOptions {
  readonly now: () => number;
  readonly user: SandboxKeys;
  readonly version: string;
  /** The product's name in refusals, such as "VOD". */
  readonly service: string;
  readonly actions: ReadonlyMap<string, Action>;
  readonly policy: DispatcherPolicy;
  readonly warmed: WarmedUrls;
  readonly quota: DailyQuota;
  readonly catchUp?: () => void;
}

export const defaultKeys: SandboxKeys = { accessKeyId: "LTAIsandbox0000000000000", accessKeySecret: "sandboxAccessKeySecret00000000" };

export function startAlibaba(options: FrameOptions): Promise<VendorEmulator<VendorLogEntry & AlibabaFacts>> {
  const { now, user, version, service, actions, policy, warmed, quota, catchUp } = options;
  const checkSignature = createSignatureCheck(user, now);
  const call = createDispatcher({ actions, version, service, now, policy });
  return startVendor<AlibabaFacts>({
    now,
    warmed,
    quota,
    actionOf: ({ headers }) => headers.get("x-acs-action"),
    ...(catchUp && { catchUp }),
    respond: (request) => {
      const [params, action] = [paramsOf(request), request.headers.get("x-acs-action") ?? ""];
      const reply = replyOf(() => {
        checkSignature(request);
        catchUp?.();
        return call(request, action, params);
      });
      const answer = answerOf(reply, request);
      if (reply instanceof AcsError) return { answer, facts: { action, code: reply.code, params } };
      return { answer, accepted: reply.accepted, facts: { action, params } };
    },
  });
}
