/** Reads the settings of Tencent Cloud's products and creates the providers from them. */

import { mustBeOneOf } from "../kit/settings.ts";
import { defineTencent, prefixOf } from "./define.ts";

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
