/** A Huawei Cloud CDN provider with an emulator of its own. The test moves their common clock. */

import { createHuaweiCdn, type HuaweiCdnOptions } from "../../../src/providers/huawei/cdn.ts";
import type { HuaweiCredentials } from "../../../src/providers/huawei/credentials.ts";
import { type HuaweiCdnEmulator, type HuaweiCdnEmulatorOptions, startHuaweiCdn } from "../../../src/sandbox/huawei/cdn.ts";
import { type HandClock, handClock } from "../clock-harness.ts";
import { type VendorHarness, vendorHarness } from "../vendor-harness.ts";
import { type credentialKinds, securityToken } from "./harness.ts";

export const host = "hw-cdn.example.net";
export const urls = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `https://${host}/${from + index}.mp4`);

export interface CdnSetup {
  readonly kind?: (typeof credentialKinds)[number];
  readonly emulator?: HuaweiCdnEmulatorOptions;
  readonly provider?: Partial<HuaweiCdnOptions>;
}

export interface CdnHarness extends VendorHarness<HuaweiCdnOptions> {
  readonly clock: HandClock;
  readonly cdn: HuaweiCdnEmulator;
  readonly credentials: HuaweiCredentials;
  /** Requests that the emulator has answered, by method and the end of their path. */
  count(method: "GET" | "POST", path: RegExp): number;
}

export async function startCdn({ kind = "keys", emulator, provider: options }: CdnSetup = {}): Promise<CdnHarness> {
  const clock = handClock();
  const user = { ...(kind === "temporary keys" && { securityToken }), ...emulator?.user };
  // The clock stands still, so a realistic limit of calls a second would stop tests by accident.
  const cdn = await startHuaweiCdn({ now: clock.now, callsPerSecond: 10_000, ...emulator, user });
  const credentials = credentialsFor(kind, cdn);
  const harness = vendorHarness<HuaweiCdnOptions>(cdn, (more) =>
    createHuaweiCdn({
      endpoint: cdn.endpoint,
      credentials,
      account: "huawei-cdn:test",
      clock,
      userAgent: "test",
      ...options,
      ...more,
    }),
  );
  return {
    ...harness,
    clock,
    cdn,
    credentials,
    count: (method, path) => cdn.log.filter((entry) => entry.method === method && path.test(entry.path)).length,
  };
}

function credentialsFor(kind: (typeof credentialKinds)[number], cdn: HuaweiCdnEmulator): HuaweiCredentials {
  const { ak, sk, user, password, domain } = cdn.user;
  if (kind === "keys") return { kind, ak, sk };
  if (kind === "temporary keys") return { kind: "keys", ak, sk, securityToken };
  if (kind === "token") return { kind, token: cdn.issueToken() };
  return { kind: "password", user, password, domain, iamEndpoint: cdn.endpoint };
}
