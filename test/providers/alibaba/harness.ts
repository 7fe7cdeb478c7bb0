/** An Alibaba Cloud VOD provider with an emulator of its own. The test moves their common clock. */

import { type AlibabaVodOptions, createAlibabaVod } from "../../../src/providers/alibaba/vod.ts";
import { type AlibabaVodEmulator, type AlibabaVodEmulatorOptions, startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import type { Fault } from "../../../src/sandbox/server/faults.ts";
import { type HandClock, handClock } from "../clock-harness.ts";
import { type VendorHarness, vendorHarness } from "../vendor-harness.ts";

export const assetId = "93ab850b4f6f44eab54b6e91d24d81d4";
export const unpublishedId = "0000000000000000000000000000feed";
export const unknownId = "ffffffffffffffffffffffffffffffff";
export const securityToken = "sandbox-sts-token-0123456789+/==";

export interface Setup {
  readonly emulator?: AlibabaVodEmulatorOptions;
  readonly provider?: Partial<AlibabaVodOptions>;
}

export interface AlibabaHarness extends VendorHarness<AlibabaVodOptions> {
  readonly clock: HandClock;
  readonly vod: AlibabaVodEmulator;
  /** Requests of these actions that the emulator has answered. */
  count(...actions: readonly string[]): number;
}

export async function startAlibaba({ emulator, provider: options }: Setup = {}): Promise<AlibabaHarness> {
  const clock = handClock();
  // The clock stands still, so a realistic limit of calls a second would stop tests by accident.
  const vod = await startAlibabaVod({ now: clock.now, callsPerSecond: 10_000, ...emulator });
  const { accessKeyId: id, accessKeySecret: secret, securityToken: token } = vod.user;
  const harness = vendorHarness<AlibabaVodOptions>(vod, (more) =>
    createAlibabaVod({
      cache: { url: vod.endpoint },
      media: { url: vod.endpoint },
      credentials: { kind: "keys", id, secret, securityToken: token },
      account: "alibaba-vod:test",
      assets: { segments: 0 },
      clock,
      userAgent: "test",
      ...options,
      ...more,
    }),
  );
  return { ...harness, clock, vod, count: (...actions) => vod.log.filter((entry) => actions.includes(entry.action)).length };
}

/** A refusal in the vendor's JSON form. */
export function refusal(
  status: number,
  code: string,
  message = "The vendor's reason.",
  headers: Readonly<Record<string, string>> = {},
): Fault {
  const date = new Date(handClock().now()).toUTCString();
  const body = JSON.stringify({ RequestId: "0A1B2C3D", HostId: "vod.cn-shanghai.aliyuncs.com", Code: code, Message: message });
  return { kind: "answer", status, headers: { date, ...headers }, body };
}
