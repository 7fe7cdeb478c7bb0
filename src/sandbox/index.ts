/** Starts the sandbox: an emulator of each vendor and of a CDN edge on loopback, and the settings that point at them. */

import type { SettingValues } from "../base/setting.ts";
import { startEdge } from "./edge/edge.ts";
import { emulated } from "./emulated.ts";
import { createAuthority } from "./server/certificates.ts";

export interface Sandbox {
  readonly values: SettingValues;
  /** The edge's certificate authority in PEM, for clients to trust. */
  readonly ca: string;
  close(): Promise<void>;
}

export async function startSandbox(): Promise<Sandbox> {
  const vendors = await Promise.all(emulated.map((start) => start()));
  const { ca, contextFor } = createAuthority();
  const edge = await startEdge({
    contextFor,
    prefetched: (url) => {
      for (const { emulator, tier } of vendors) {
        const at = emulator.warmedAt(url);
        if (at !== undefined) return { at, tier };
      }
      return undefined;
    },
  });
  return {
    ca,
    values: {
      ...Object.assign({}, ...vendors.map(({ values }) => values)),
      // The provider sends requests for any host to this address: no request leaves the machine.
      PREFETCH_HTTP_POPS: `sandbox=${edge.address}`,
      PREFETCH_HTTP_ALLOW_LOOPBACK: "1",
    },
    close: async () => {
      await Promise.all([...vendors.map(({ emulator }) => emulator.close()), edge.close()]);
    },
  };
}
