/**
 * The two sites of the vendor: Volcengine for mainland China, and BytePlus for the rest of the world. They have the same API, and
 * accounts of their own. Hosts, regions and the spelling of the service are those of the vendor's Go clients.
 * https://github.com/volcengine/volc-sdk-golang, https://github.com/byteplus-sdk/byteplus-sdk-golang
 */

export interface Site {
  /** The vendor's name in messages. */
  readonly name: string;
  readonly endpoint: string;
  readonly region: string;
}

export const sites = {
  volcengine: { name: "Volcengine", endpoint: "https://cdn.volcengineapi.com", region: "cn-north-1" },
  byteplus: { name: "BytePlus", endpoint: "https://open.byteplusapi.com", region: "ap-singapore-1" },
} as const satisfies Record<string, Site>;

export type SiteId = keyof typeof sites;

export function isSiteId(word: string): word is SiteId {
  return Object.hasOwn(sites, word);
}
