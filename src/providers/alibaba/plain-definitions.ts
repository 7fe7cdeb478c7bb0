/** Reads the settings of Alibaba Cloud CDN and DCDN and creates the providers from them. */

import type { ProviderDefinition } from "../definition.ts";
import { type CheckedSetting, mustBeOneOf } from "../kit/settings.ts";
import { defineAlibaba } from "./define.ts";
import type { PlainProduct } from "./plain.ts";
import { credentialSettings, urlCallSettings } from "./shared-settings.ts";

interface PlainFacts extends Pick<ProviderDefinition, "id" | "title" | "docs" | "sandboxHosts"> {
  /** The product's word in `PREFETCH_ALIBABA_PRODUCTS`. */
  readonly product: string;
  readonly endpoint: string;
  readonly load: () => Promise<PlainProduct>;
}

function definePlain({ endpoint, load, ...facts }: PlainFacts): ProviderDefinition {
  const { product, title, docs } = facts;
  const prefix = `PREFETCH_ALIBABA_${product.toUpperCase()}_`;
  const own = urlCallSettings(prefix, endpoint);
  const hashKey: CheckedSetting = {
    name: `${prefix}QUERY_HASHKEY`,
    about: "true: the domain's rules for cache keys apply to the URLs. false: the URLs are the cache keys.",
    fallback: "the vendor's, false",
    check: mustBeOneOf("true", "false"),
  };
  const settings = [...credentialSettings, ...Object.values(own), hashKey];
  return defineAlibaba({
    ...facts,
    refreshes: true,
    prefix,
    settings,
    create: async (values, account, context) => {
      const [{ createPlain }, loaded] = await Promise.all([import("./plain.ts"), load()]);
      return createPlain(loaded, {
        title,
        docs,
        endpoint: { url: values[own.endpoint.name] ?? endpoint, signHost: values[own.signHost.name] },
        params: {
          Area: values[own.area.name],
          L2Preload: values[own.secondTier.name],
          WithHeader: values[own.withHeader.name],
          QueryHashkey: values[hashKey.name],
        },
        ...account,
        ...context,
      });
    },
  });
}

export const alibabaCdn = definePlain({
  id: "alibaba-cdn",
  title: "Alibaba Cloud CDN",
  docs: "https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-pushobjectcache",
  product: "cdn",
  endpoint: "https://cdn.aliyuncs.com",
  sandboxHosts: ["ali-cdn.example.net"],
  load: async () => (await import("./cdn-product.ts")).cdn,
});

export const alibabaDcdn = definePlain({
  id: "alibaba-dcdn",
  title: "Alibaba Cloud DCDN",
  docs: "https://www.alibabacloud.com/help/en/edge-security-acceleration/dcdn/developer-reference/api-dcdn-2018-01-15-preloaddcdnobjectcaches",
  product: "dcdn",
  endpoint: "https://dcdn.aliyuncs.com",
  sandboxHosts: ["ali-dcdn.example.net"],
  load: async () => (await import("./dcdn-product.ts")).dcdn,
});
