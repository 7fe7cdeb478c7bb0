/** A provider of Tencent Cloud with an emulator of its own. The test moves their common clock. */

import type { Provider } from "../../../src/prefetch/model/provider.ts";
import type { TencentOptions } from "../../../src/providers/tencent/options.ts";
import type { Fault } from "../../../src/sandbox/server/faults.ts";
import type { TencentEmulator, TencentEmulatorOptions } from "../../../src/sandbox/tencent/frame.ts";
import { type HandClock, handClock } from "../clock-harness.ts";
import { type VendorHarness, vendorHarness } from "../vendor-harness.ts";

export const token = "sandbox-session-token-0123456789+/==";

export interface TencentHarness<Emulator, Options> extends VendorHarness<Options> {
  readonly clock: HandClock;
  readonly vendor: Emulator;
  readonly secrets: readonly string[];
  /** Requests of these actions that the emulator has answered. */
  count(...actions: readonly string[]): number;
  /** The body of the last request of this action. */
  lastParams(action: string): Readonly<Record<string, unknown>> | undefined;
}

export async function startTencentHarness<Emulator extends TencentEmulator, Own extends object>(
  start: (options: TencentEmulatorOptions) => Promise<Emulator>,
  create: (options: TencentOptions & Partial<Own>) => Provider,
): Promise<TencentHarness<Emulator, TencentOptions & Own>> {
  const clock = handClock();
  // The clock stands still, so a realistic limit of calls a second would stop tests by accident.
  const vendor = await start({ now: clock.now, callsPerSecond: 10_000 });
  const { secretId: id, secretKey: secret, token: securityToken } = vendor.user;
  const harness = vendorHarness<TencentOptions & Own>(vendor, (more) =>
    create({
      endpoint: vendor.endpoint,
      credentials: { kind: "keys", id, secret, securityToken },
      account: "tencent-test:test",
      clock,
      userAgent: "test",
      ...more,
    }),
  );
  return {
    ...harness,
    clock,
    vendor,
    secrets: Object.values(vendor.user).map(String),
    count: (...actions) => vendor.log.filter((entry) => actions.includes(entry.action)).length,
    lastParams: (action) => vendor.log.findLast((entry) => entry.action === action)?.params,
  };
}

/** A refusal in the vendor's form, with the date of an unmoved clock. */
export function refusal(code: string, message = "The vendor's reason.", status = 200): Fault {
  const date = new Date(handClock().now()).toUTCString();
  return { kind: "answer", status, headers: { date }, body: JSON.stringify(answerOf({ Error: { Code: code, Message: message } })) };
}

export function answerOf(content: object): object {
  return { Response: { ...content, RequestId: "0a1b2c3d-0000-4000-8000-000000000000" } };
}

/** A success with another content. */
export function saying(content: object): Fault {
  return { kind: "garble", body: JSON.stringify(answerOf(content)) };
}
