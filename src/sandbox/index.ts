/** Starts the sandbox: an emulator of each vendor and of a CDN edge on loopback, and the settings that point at them. */

import type { SettingValues } from "../base/setting.ts";
import { startAlibabaVod } from "./alibaba/vod.ts";
import { startEdge } from "./edge/edge.ts";
import { startHuaweiVod } from "./huawei/vod.ts";
import { createAuthority } from "./server/certificates.ts";

export interface Sandbox {
  readonly values: SettingValues;
  /** The edge's certificate authority in PEM, for clients to trust. */
  readonly ca: string;
  close(): Promise<void>;
}

export async function startSandbox(): Promise<Sandbox> {
  const [huawei, alibaba] = await Promise.all([startHuaweiVod(), startAlibabaVod()]);
  const { ca, contextFor } = createAuthority();
  const edge = await startEdge({
    contextFor,
    // Alibaba Cloud prefetches to the second tier, Huawei Cloud to the edge.
    prefetched: (url) => {
      const [atEdge, atParent] = [huawei.warmedAt(url), alibaba.warmedAt(url)];
      if (atEdge !== undefined) return { at: atEdge, tier: "edge" };
      return atParent === undefined ? undefined : { at: atParent, tier: "parent" };
    },
  });
  return {
    ca,
    values: {
      HUAWEICLOUD_SDK_AK: huawei.user.ak,
      HUAWEICLOUD_SDK_SK: huawei.user.sk,
      HUAWEICLOUD_SDK_PROJECT_ID: huawei.projectId,
      PREFETCH_HUAWEI_VOD_ENDPOINT: huawei.endpoint,
      ALIBABA_CLOUD_ACCESS_KEY_ID: alibaba.user.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: alibaba.user.accessKeySecret,
      PREFETCH_ALIBABA_VOD_ENDPOINT: alibaba.endpoint,
      PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: alibaba.endpoint,
      // The provider sends requests for any host to this address: no request leaves the machine.
      PREFETCH_HTTP_POPS: `sandbox=${edge.address}`,
      PREFETCH_HTTP_ALLOW_LOOPBACK: "1",
    },
    close: async () => {
      await Promise.all([huawei.close(), alibaba.close(), edge.close()]);
    },
  };
}
