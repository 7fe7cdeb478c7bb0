/** Providers for one emulator, and the emulator's end. */

import type { Provider } from "../../src/prefetch/model/provider.ts";

export interface VendorHarness<Options> {
  readonly provider: Provider;
  /** Another provider for the same emulator. */
  another(options?: Partial<Options>): Provider;
  /** Closes the emulator's port, so that connections are refused. */
  stopVendor(): Promise<void>;
  close(): Promise<void>;
}

export function vendorHarness<Options>(
  emulator: { close(): Promise<void> },
  create: (options: Partial<Options>) => Provider,
): VendorHarness<Options> {
  const made: Provider[] = [];
  let isStopped = false;
  const another = (options: Partial<Options> = {}): Provider => {
    const provider = create(options);
    made.push(provider);
    return provider;
  };
  const stopVendor = async (): Promise<void> => {
    if (!isStopped) await emulator.close();
    isStopped = true;
  };
  return {
    provider: another(),
    another,
    stopVendor,
    close: async () => {
      for (const provider of made) await provider.close();
      await stopVendor();
    },
  };
}
