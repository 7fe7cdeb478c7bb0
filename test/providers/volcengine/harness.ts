/** A Volcengine CDN provider with an emulator of its own. The test moves their common clock. */

import { createVolcengineCdn, type VolcengineCdnOptions } from "../../../src/providers/volcengine/cdn.ts";
import { type SiteId, sites } from "../../../src/providers/volcengine/sites.ts";
import type { Fault } from "../../../src/sandbox/server/faults.ts";
import { startVolcengineCdn, type VolcengineCdnEmulator, type VolcengineCdnEmulatorOptions } from "../../../src/sandbox/volcengine/cdn.ts";
import { type HandClock, handClock } from "../clock-harness.ts";
import { type VendorHarness, vendorHarness } from "../vendor-harness.ts";

export const host = "volc-cdn.example.net";
export const urls = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `https://${host}/${from + index}.mp4`);
export const sessionToken = "STS2sessionTokenForTests0123456789==";

export interface Setup {
  readonly site?: SiteId;
  readonly emulator?: VolcengineCdnEmulatorOptions;
  readonly provider?: Partial<VolcengineCdnOptions>;
}

export interface VolcengineHarness extends VendorHarness<VolcengineCdnOptions> {
  readonly clock: HandClock;
  readonly vendor: VolcengineCdnEmulator;
  /** Requests of these actions that the emulator has answered. */
  count(...actions: readonly string[]): number;
  /** The body of the last request of this action. */
  lastBody(action: string): unknown;
}

export async function startVolcengine({ site = "volcengine", ...setup }: Setup = {}): Promise<VolcengineHarness> {
  const clock = handClock();
  const { region, name } = sites[site];
  // The clock stands still, so a realistic limit of calls a second would stop tests by accident.
  const vendor = await startVolcengineCdn({ now: clock.now, callsPerSecond: 10_000, region, ...setup.emulator });
  const { accessKeyId: id, secretKey: secret, sessionToken: securityToken } = vendor.user;
  const harness = vendorHarness<VolcengineCdnOptions>(vendor, (more) =>
    createVolcengineCdn({
      site: { name, endpoint: vendor.endpoint, region },
      credentials: { kind: "keys", id, secret, securityToken },
      account: "volcengine-cdn:test",
      clock,
      userAgent: "test",
      ...setup.provider,
      ...more,
    }),
  );
  return {
    ...harness,
    clock,
    vendor,
    count: (...actions) => vendor.log.filter((entry) => actions.includes(entry.action)).length,
    lastBody: (action) => vendor.log.findLast((entry) => entry.action === action)?.body,
  };
}

/** An answer in the vendor's envelope, with the date of an unmoved clock: the real date would look like a wrong clock. */
export function enveloped(status: number, more: object): Fault {
  const date = new Date(handClock().now()).toUTCString();
  const body = JSON.stringify({ ResponseMetadata: { RequestId: "20261121REQUEST", Service: "CDN", ...more } });
  return { kind: "answer", status, headers: { date, "content-type": "application/json" }, body };
}

export function refusal(status: number, Code: string, Message = "The vendor's reason."): Fault {
  return enveloped(status, { Error: { Code, CodeN: 100_000, Message } });
}
