/** OVHcloud CDN. Source: OVHcloud documentation, "Accelerating your website by using a CDN". */

import { firstOf } from "../headers.ts";
import type { Reader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { type Verdict, verdictOf } from "../verdict.ts";

const texts: readonly (readonly [text: RegExp, verdict: Verdict])[] = [
  [/^matched cache/i, verdictOf("hit", "edge")],
  // The answer to the first request for an object that the CDN then stores.
  [/^cacheable/i, verdictOf("miss")],
  [/^not cacheable/i, verdictOf("uncacheable")],
];

const read: Reader = (headers) => {
  const text = firstOf(headers, "x-cacheable") ?? "";
  const verdict = texts.find(([pattern]) => pattern.test(text))?.[1];
  return verdict && { verdict, from: ["x-cacheable"] };
};

export const ovh: Vendor<"ovh"> = {
  id: "ovh",
  name: "OVHcloud CDN",
  marks: [{ header: "x-cdn-pop-ip" }, { header: "x-cdn-pop" }, { header: "x-cacheable", value: /^matched cache/i }],
  cnames: ["cdn.ovh.net", "ovhcdn.net"],
  read,
  pop: { header: "x-cdn-pop", value: /^([a-z]+\d*)/i },
};
