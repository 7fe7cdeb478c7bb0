/** The sandbox: every vendor's emulator on loopback, and the settings that point at them. */

import type { SettingValues } from "../settings.ts";
import { startHuaweiVod } from "./huawei-vod.ts";

export interface Sandbox {
  readonly values: SettingValues;
  close(): Promise<void>;
}

export async function startSandbox(): Promise<Sandbox> {
  const huawei = await startHuaweiVod();
  return {
    values: {
      HUAWEICLOUD_SDK_AK: huawei.user.ak,
      HUAWEICLOUD_SDK_SK: huawei.user.sk,
      HUAWEICLOUD_SDK_PROJECT_ID: huawei.projectId,
      PREFETCH_HUAWEI_VOD_ENDPOINT: huawei.endpoint,
    },
    close: () => huawei.close(),
  };
}
