/** The emulated vendors: how each one starts, the settings that point at it, and the tier of the CDN that it warms. */

import type { SettingValues } from "../base/setting.ts";
import { startAlibabaCdn, startAlibabaDcdn } from "./alibaba/plain.ts";
import { startAlibabaVod } from "./alibaba/vod.ts";
import { startHuaweiCdn } from "./huawei/cdn.ts";
import { startHuaweiVod } from "./huawei/vod.ts";
import { startTencentCdn } from "./tencent/cdn.ts";
import { startTencentEdgeOne } from "./tencent/edgeone.ts";
import { startTencentVod } from "./tencent/vod.ts";
import type { VendorEmulator, VendorLogEntry } from "./vendor-emulator.ts";
import { startVolcengineCdn } from "./volcengine/cdn.ts";

type Emulator = Pick<VendorEmulator<VendorLogEntry>, "warmedAt" | "close">;

/** A started emulator. */
export interface Emulated {
  readonly emulator: Emulator;
  readonly values: SettingValues;
  readonly tier: "edge" | "parent";
}

/** One line per product. */
export const emulated: readonly (() => Promise<Emulated>)[] = [
  async () => {
    const emulator = await startHuaweiVod();
    const { user, projectId, endpoint } = emulator;
    const keys = { HUAWEICLOUD_SDK_AK: user.ak, HUAWEICLOUD_SDK_SK: user.sk, HUAWEICLOUD_SDK_PROJECT_ID: projectId };
    return { emulator, values: { ...keys, PREFETCH_HUAWEI_PRODUCTS: "vod,cdn", PREFETCH_HUAWEI_VOD_ENDPOINT: endpoint }, tier: "edge" };
  },
  async () => {
    const emulator = await startAlibabaVod();
    const { user, endpoint } = emulator;
    const keys = { ALIBABA_CLOUD_ACCESS_KEY_ID: user.accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: user.accessKeySecret };
    const endpoints = { PREFETCH_ALIBABA_VOD_ENDPOINT: endpoint, PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: endpoint };
    return { emulator, values: { ...keys, ...endpoints, PREFETCH_ALIBABA_PRODUCTS: "vod,cdn,dcdn" }, tier: "parent" };
  },
  async () => {
    const emulator = await startAlibabaCdn();
    return { emulator, values: { PREFETCH_ALIBABA_CDN_ENDPOINT: emulator.endpoint }, tier: "parent" };
  },
  async () => {
    const emulator = await startAlibabaDcdn();
    return { emulator, values: { PREFETCH_ALIBABA_DCDN_ENDPOINT: emulator.endpoint }, tier: "parent" };
  },
  async () => {
    const emulator = await startHuaweiCdn();
    return { emulator, values: { PREFETCH_HUAWEI_CDN_ENDPOINT: emulator.endpoint }, tier: "parent" };
  },
  async () => {
    const emulator = await startTencentCdn();
    const { user, endpoint } = emulator;
    const keys = { TENCENTCLOUD_SECRET_ID: user.secretId, TENCENTCLOUD_SECRET_KEY: user.secretKey };
    return {
      emulator,
      values: { ...keys, PREFETCH_TENCENT_PRODUCTS: "cdn,edgeone,vod", PREFETCH_TENCENT_CDN_ENDPOINT: endpoint },
      tier: "parent",
    };
  },
  async () => {
    const emulator = await startTencentVod();
    return { emulator, values: { PREFETCH_TENCENT_VOD_ENDPOINT: emulator.endpoint }, tier: "parent" };
  },
  async () => {
    const emulator = await startTencentEdgeOne();
    return { emulator, values: { PREFETCH_TENCENT_EDGEONE_ENDPOINT: emulator.endpoint }, tier: "parent" };
  },
  async () => {
    const emulator = await startVolcengineCdn();
    const keys = { VOLCENGINE_ACCESS_KEY: emulator.user.accessKeyId, VOLCENGINE_SECRET_KEY: emulator.user.secretKey };
    return { emulator, values: { ...keys, PREFETCH_VOLCENGINE_CDN_ENDPOINT: emulator.endpoint }, tier: "parent" };
  },
];
