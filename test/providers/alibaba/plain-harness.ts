/** Alibaba Cloud CDN or DCDN with an emulator of its own. The test moves their common clock. */

import { cdn } from "../../../src/providers/alibaba/cdn-product.ts";
import { dcdn } from "../../../src/providers/alibaba/dcdn-product.ts";
import { createPlain, type PlainOptions, type PlainProduct } from "../../../src/providers/alibaba/plain.ts";
import type { AlibabaEmulatorOptions } from "../../../src/sandbox/alibaba/frame.ts";
import { type AlibabaPlainEmulator, startAlibabaCdn, startAlibabaDcdn } from "../../../src/sandbox/alibaba/plain.ts";
import { type HandClock, handClock } from "../clock-harness.ts";
import { type VendorHarness, vendorHarness } from "../vendor-harness.ts";

export interface PlainCase {
  readonly product: PlainProduct;
  readonly start: (options: AlibabaEmulatorOptions) => Promise<AlibabaPlainEmulator>;
  readonly host: string;
}

export const plainCases: readonly PlainCase[] = [
  { product: cdn, start: startAlibabaCdn, host: "ali-cdn.example.net" },
  { product: dcdn, start: startAlibabaDcdn, host: "ali-dcdn.example.net" },
];

export interface PlainSetup {
  readonly emulator?: AlibabaEmulatorOptions;
  readonly provider?: Partial<PlainOptions>;
}

export interface PlainHarness extends VendorHarness<PlainOptions> {
  readonly clock: HandClock;
  readonly vendor: AlibabaPlainEmulator;
  /** Requests of these actions that the emulator has answered. */
  count(...actions: readonly string[]): number;
  /** The parameters of the last request of this action. */
  lastParams(action: string): Readonly<Record<string, string>>;
}

export async function startPlain({ product, start }: PlainCase, setup: PlainSetup = {}): Promise<PlainHarness> {
  const clock = handClock();
  // The clock stands still, so a realistic limit of calls a second would stop tests by accident.
  const vendor = await start({ now: clock.now, callsPerSecond: 10_000, ...setup.emulator });
  const { accessKeyId: id, accessKeySecret: secret, securityToken } = vendor.user;
  const harness = vendorHarness<PlainOptions>(vendor, (more) =>
    createPlain(product, {
      title: product.service,
      docs: "https://www.alibabacloud.com/help/",
      endpoint: { url: vendor.endpoint },
      credentials: { kind: "keys", id, secret, securityToken },
      account: `${product.id}:test`,
      params: {},
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
    lastParams: (action) => Object.fromEntries(vendor.log.findLast((entry) => entry.action === action)?.params ?? []),
  };
}
