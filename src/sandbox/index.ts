/** The sandbox: every vendor's emulator on loopback, and the settings that point at them. */

import type { SettingValues } from "../settings.ts";
import { startAlibabaVod } from "./alibaba-vod.ts";
import { startHuaweiVod } from "./huawei-vod.ts";

export interface Sandbox {
  readonly values: SettingValues;
  close(): Promise<void>;
}

export async function startSandbox(): Promise<Sandbox> {
  const [huawei, alibaba] = await Promise.all([startHuaweiVod(), startAlibabaVod()]);
  return {
    values: {
      HUAWEICLOUD_SDK_AK: huawei.user.ak,
      HUAWEICLOUD_SDK_SK: huawei.user.sk,
      HUAWEICLOUD_SDK_PROJECT_ID: huawei.projectId,
      PREFETCH_HUAWEI_VOD_ENDPOINT: huawei.endpoint,
      ALIBABA_CLOUD_ACCESS_KEY_ID: alibaba.user.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: alibaba.user.accessKeySecret,
      PREFETCH_ALIBABA_VOD_ENDPOINT: alibaba.endpoint,
      PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: alibaba.endpoint,
    },
    close: async () => {
      await Promise.all([huawei.close(), alibaba.close()]);
    },
  };
}
