/**
 * The fields of the dialogue in which a host asks for settings, in their order. It holds what a person sets by hand; every other
 * setting stays an environment variable. A field's title begins with its vendor, because hosts show no groups.
 */

import { providerDefinitions } from "../../src/providers/index.ts";
import type { Texts } from "./texts.ts";

export interface DialogueField {
  /** The field's name in the manifest. Hosts store values under it, so a new name loses them. */
  readonly key: string;
  /** The variable that gets the value. */
  readonly variable: string;
  readonly type: "string" | "number" | "boolean";
  readonly min?: number;
  readonly title: Texts;
  readonly about: Texts;
}

const routeExample = `*.media.example.com=${providerDefinitions[0]?.id}, *=http`;

export const dialogue: readonly DialogueField[] = [
  {
    key: "sandbox",
    variable: "PREFETCH_SANDBOX",
    type: "boolean",
    title: { "en-US": "Try without a CDN (sandbox)", "zh-CN": "无需 CDN 试用（沙箱）" },
    about: {
      "en-US": "Warms emulated CDNs only: it needs no account and touches no real CDN. Keys of vendors have no effect.",
      "zh-CN": "仅预热内置的模拟 CDN，无需账号，也不会访问真实 CDN。云厂商密钥不起作用。",
    },
  },
  {
    key: "huawei_access_key",
    variable: "HUAWEICLOUD_SDK_AK",
    type: "string",
    title: { "en-US": "Huawei Cloud access key", "zh-CN": "华为云访问密钥（AK）" },
    about: {
      "en-US": "Access key of an IAM user with permission to prefetch. Leave all Huawei Cloud fields empty if you have no account.",
      "zh-CN": "具有预热权限的 IAM 用户的访问密钥。没有华为云账号时，请将所有华为云字段留空。",
    },
  },
  {
    key: "huawei_secret_key",
    variable: "HUAWEICLOUD_SDK_SK",
    type: "string",
    title: { "en-US": "Huawei Cloud secret key", "zh-CN": "华为云秘密访问密钥（SK）" },
    about: { "en-US": "Secret key of that access key.", "zh-CN": "与上述访问密钥配对的秘密访问密钥。" },
  },
  {
    key: "huawei_project_id",
    variable: "HUAWEICLOUD_SDK_PROJECT_ID",
    type: "string",
    title: { "en-US": "Huawei Cloud project id", "zh-CN": "华为云项目 ID" },
    about: {
      "en-US": "32 hexadecimal digits. The console shows them under My Credentials, API Credentials, in the row of the VOD region.",
      "zh-CN": "32 位十六进制字符，见控制台“我的凭证 > API 凭证”中点播服务所在区域的一行。",
    },
  },
  {
    key: "huawei_region",
    variable: "PREFETCH_HUAWEI_VOD_REGION",
    type: "string",
    title: { "en-US": "Huawei Cloud region", "zh-CN": "华为云区域" },
    about: { "en-US": "Region of the VOD service, such as cn-north-4.", "zh-CN": "点播服务所在区域，例如 cn-north-4。" },
  },
  {
    key: "huawei_products",
    variable: "PREFETCH_HUAWEI_PRODUCTS",
    type: "string",
    title: { "en-US": "Huawei Cloud products", "zh-CN": "华为云产品" },
    about: {
      "en-US": "Products to use, separated by commas: vod, cdn. Default: vod. CDN needs no project id and no region.",
      "zh-CN": "要使用的产品，用逗号分隔：vod、cdn，默认 vod。CDN 无需项目 ID 和区域。",
    },
  },
  {
    key: "alibaba_access_key_id",
    variable: "ALIBABA_CLOUD_ACCESS_KEY_ID",
    type: "string",
    title: { "en-US": "Alibaba Cloud AccessKey ID", "zh-CN": "阿里云 AccessKey ID" },
    about: {
      "en-US": "AccessKey ID of a RAM user with permission to prefetch. Without it, the server uses the profile of aliyun configure.",
      "zh-CN": "具有预热权限的 RAM 用户的 AccessKey ID。留空时使用 aliyun configure 保存的配置。",
    },
  },
  {
    key: "alibaba_access_key_secret",
    variable: "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    type: "string",
    title: { "en-US": "Alibaba Cloud AccessKey secret", "zh-CN": "阿里云 AccessKey Secret" },
    about: { "en-US": "Secret of that AccessKey ID.", "zh-CN": "与上述 AccessKey ID 配对的密钥。" },
  },
  {
    key: "alibaba_region",
    variable: "PREFETCH_ALIBABA_VOD_REGION",
    type: "string",
    title: { "en-US": "Alibaba Cloud region", "zh-CN": "阿里云地域" },
    about: { "en-US": "Region of your media assets. Default: cn-shanghai.", "zh-CN": "媒资所在地域，默认 cn-shanghai。" },
  },
  {
    key: "alibaba_products",
    variable: "PREFETCH_ALIBABA_PRODUCTS",
    type: "string",
    title: { "en-US": "Alibaba Cloud products", "zh-CN": "阿里云产品" },
    about: {
      "en-US": "Products to use, separated by commas: vod, cdn, dcdn. Default: vod.",
      "zh-CN": "要使用的产品，用逗号分隔：vod、cdn、dcdn，默认 vod。",
    },
  },
  {
    key: "http_requests_per_second",
    variable: "PREFETCH_HTTP_REQUESTS_PER_SECOND",
    type: "number",
    min: 1,
    title: { "en-US": "Other CDNs: requests per second", "zh-CN": "其他 CDN：每秒请求数" },
    about: {
      "en-US": "Most requests a second to one host when the server warms a CDN without a vendor account. Empty: no limit.",
      "zh-CN": "不使用厂商账号、直接经由 CDN 节点预热时，对单个主机每秒的最大请求数。留空表示不限制。",
    },
  },
  {
    key: "allowed_hosts",
    variable: "PREFETCH_ALLOWED_DOMAINS",
    type: "string",
    title: { "en-US": "Limit: allowed hosts", "zh-CN": "限制：允许的主机" },
    about: {
      "en-US": "The only hosts whose URLs may be warmed, such as media.example.com, *.example.org. Empty: every host.",
      "zh-CN": "只允许预热这些主机的 URL，用逗号分隔，例如 media.example.com, *.example.org。留空表示不限制。",
    },
  },
  {
    key: "daily_budget",
    variable: "PREFETCH_DAILY_BUDGET",
    type: "number",
    min: 0,
    title: { "en-US": "Limit: URLs per day", "zh-CN": "限制：每日 URL 数" },
    about: {
      "en-US": "Most units of quota to spend a day and vendor account; a URL costs one. Empty: the vendor's limit.",
      "zh-CN": "每个厂商账号每天最多消耗的配额，每个 URL 计一个单位。留空则以厂商限额为准。",
    },
  },
  {
    key: "routes",
    variable: "PREFETCH_ROUTES",
    type: "string",
    title: { "en-US": "Several CDNs: which one serves which hosts", "zh-CN": "多个 CDN：主机与 CDN 的对应关系" },
    about: {
      "en-US": `Only needed with several providers. The first match counts: ${routeExample}.`,
      "zh-CN": `仅在使用多个服务商时需要，首个匹配项生效：${routeExample}`,
    },
  },
];
