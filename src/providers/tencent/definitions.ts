/** Reads the settings of Tencent Cloud's products and creates the providers from them. */

import { hostsOf, mustBeHosts } from "../kit/hosts.ts";
import { mustBeOneOf, mustMatch } from "../kit/settings.ts";
import { defineTencent, prefixOf } from "./define.ts";
import { zoneHosts } from "./zone-hosts.ts";

const cdnArea = {
  name: `${prefixOf("cdn")}AREA`,
  about: "Where to warm: mainland (China), overseas or global. Each has a quota of its own; global spends from both.",
  fallback: "mainland",
  check: mustBeOneOf("mainland", "overseas", "global"),
};

export const tencentCdn = defineTencent({
  id: "tencent-cdn",
  title: "Tencent Cloud CDN",
  docs: "https://www.tencentcloud.com/document/product/228/33600",
  sandboxHosts: ["tencent-cdn.example.net"],
  refreshes: true,
  product: "cdn",
  service: "cdn",
  own: [cdnArea],
  create: async (values, options) => {
    const { areaOf, createTencentCdn } = await import("./cdn.ts");
    return createTencentCdn({ ...options, area: areaOf(values[cdnArea.name]) });
  },
});

const vodApplication = {
  name: `${prefixOf("vod")}SUB_APP_ID`,
  about: "Id of the VOD application. Accounts that opened VOD since 2023-12-25 need it.",
  check: mustMatch(/^\d{1,15}$/, "a number, such as 1500000001"),
};

export const tencentVod = defineTencent({
  id: "tencent-vod",
  title: "Tencent Cloud VOD",
  docs: "https://www.tencentcloud.com/document/product/266/34186",
  sandboxHosts: ["tencent-vod.example.net"],
  product: "vod",
  service: "vod",
  own: [vodApplication],
  create: async (values, options) => {
    const { createTencentVod } = await import("./vod.ts");
    const subAppId = values[vodApplication.name];
    return createTencentVod({ ...options, subAppId: subAppId === undefined ? undefined : Number(subAppId) });
  },
});

const edgeOneHosts = {
  name: `${prefixOf("edgeone")}HOSTS`,
  about: `Zone of each host, such as ${zoneHosts.example}. auto: look the zones up.`,
  fallback: "auto",
  check: mustBeHosts(zoneHosts),
};

export const tencentEdgeOne = defineTencent({
  id: "tencent-edgeone",
  title: "Tencent EdgeOne",
  docs: "https://www.tencentcloud.com/document/product/1145/50537",
  sandboxHosts: ["tencent-edgeone.example.net"],
  refreshes: true,
  product: "edgeone",
  service: "teo",
  own: [edgeOneHosts],
  create: async (values, options) => {
    const { createTencentEdgeOne } = await import("./edgeone.ts");
    return createTencentEdgeOne({ ...options, hosts: hostsOf(values[edgeOneHosts.name], zoneHosts) });
  },
});
