/** A Huawei Cloud VOD provider with an emulator of its own. The test moves their common clock. */

import type { HuaweiCredentials } from "../../../src/providers/huawei/credentials.ts";
import { createHuaweiVod, type HuaweiVodOptions } from "../../../src/providers/huawei/vod.ts";
import { type HuaweiVodEmulator, type HuaweiVodEmulatorOptions, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import type { Fault } from "../../../src/sandbox/server/faults.ts";
import { type HandClock, handClock } from "../clock-harness.ts";
import { type VendorHarness, vendorHarness } from "../vendor-harness.ts";

export const assetId = "f488337c31c8e4622f1590735b134c65";
export const unpublishedId = "0000000000000000000000000000c0de";
export const unknownId = "ffffffffffffffffffffffffffffffff";
export const securityToken = "sandbox-security-token-0123456789==";

export const credentialKinds = ["keys", "temporary keys", "token", "login"] as const;
type CredentialKind = (typeof credentialKinds)[number];

export interface Setup {
  readonly kind?: CredentialKind;
  readonly emulator?: HuaweiVodEmulatorOptions;
  readonly provider?: Partial<HuaweiVodOptions>;
}

export interface HuaweiHarness extends VendorHarness<HuaweiVodOptions> {
  readonly clock: HandClock;
  readonly vod: HuaweiVodEmulator;
  readonly credentials: HuaweiCredentials;
  /** Requests of this kind that the emulator has answered. */
  count(method: "GET" | "POST", path: "preheating" | "info"): number;
}

function credentialsFor(kind: CredentialKind, vod: HuaweiVodEmulator): HuaweiCredentials {
  const { ak, sk, user, password, domain } = vod.user;
  if (kind === "keys") return { kind, ak, sk };
  if (kind === "temporary keys") return { kind: "keys", ak, sk, securityToken };
  if (kind === "token") return { kind, token: vod.issueToken() };
  return { kind: "password", user, password, domain, iamEndpoint: vod.endpoint };
}

/** The values that no message may show. The list is independent of the provider's own `secretsOf`. */
export function secretsIn(credentials: HuaweiCredentials): string[] {
  const open = ["kind", "user", "domain", "iamEndpoint"];
  return Object.entries(credentials)
    .filter(([name, value]) => !open.includes(name) && value !== undefined)
    .map(([, value]) => String(value));
}

export async function startHuawei({ kind = "keys", emulator, provider: options }: Setup = {}): Promise<HuaweiHarness> {
  const clock = handClock();
  const user = { ...(kind === "temporary keys" && { securityToken }), ...emulator?.user };
  const vod = await startHuaweiVod({ now: clock.now, ...emulator, user });
  const credentials = credentialsFor(kind, vod);
  const harness = vendorHarness<HuaweiVodOptions>(vod, (more) =>
    createHuaweiVod({
      endpoint: vod.endpoint,
      projectId: vod.projectId,
      credentials,
      edition: emulator?.edition ?? "current",
      clock,
      userAgent: "test",
      ...options,
      ...more,
    }),
  );
  return {
    ...harness,
    clock,
    vod,
    credentials,
    count: (method, path) => vod.log.filter((entry) => entry.method === method && entry.path.endsWith(`/asset/${path}`)).length,
  };
}

/**
 * A refusal in the shape of VOD's. It carries the date of an unmoved clock, because the HTTP server would add the real
 * date, and then every 401 would look like a wrong clock.
 */
export function refusal(status: number, code: string, message = "The vendor's reason."): Fault {
  const date = new Date(handClock().now()).toUTCString();
  return { kind: "answer", status, headers: { date }, body: JSON.stringify({ error_code: code, error_msg: message }) };
}
