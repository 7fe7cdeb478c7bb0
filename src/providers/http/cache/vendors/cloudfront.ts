/** Amazon CloudFront. */

import { type Reader, statusHeader } from "../readers.ts";
import { hitLayer, serverTimings } from "../server-timing.ts";
import type { Vendor } from "../vendor.ts";
import { isServed, verdictOf } from "../verdict.ts";

/**
 * `X-Cache` says `Hit from cloudfront` for every tier; only `Server-Timing` names the tier.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html#server-timing-header
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/origin-shield.html
 */
const read: Reader = (headers) => {
  const found = statusHeader("x-cache", "unknown")(headers);
  if (!found || !isServed(found.verdict)) return found;
  const layer = hitLayer(serverTimings(headers));
  return layer === "unknown" ? found : { verdict: verdictOf(found.verdict.state, layer), from: [...found.from, "server-timing"] };
};

export const cloudfront: Vendor<"cloudfront"> = {
  id: "cloudfront",
  name: "Amazon CloudFront",
  marks: [
    { header: "x-amz-cf-id" },
    { header: "x-amz-cf-pop" },
    { header: "via", value: /\(CloudFront\)/i },
    { header: "x-cache", value: /^\w+ from cloudfront$/i },
  ],
  cnames: ["cloudfront.net", "cloudfront.cn"],
  read,
  serverTiming: true,
  pop: { header: "x-amz-cf-pop", value: /^([A-Z]{3}\d+)/ },
  // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cache-key-understand-cache-policy.html
  rules: {
    lifetime: "the Minimum TTL of the cache policy; above 0 it overrules no-store, no-cache and private",
    // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Cookies.html
    cookie: "Cookies of the cache policy and of the origin request policy (None)",
    vary: "Headers of the cache policy, which names the headers that make copies",
    query: "Query strings of the cache policy",
  },
};
