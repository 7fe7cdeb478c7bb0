/**
 * The rows of vendors of the West. Sources: the vendors' own pages, named at the readers; Vercel "Cache status and reasons";
 * CDN77 "Headers added by CDN77"; Gcore docs; for the rest, public captures and WebPageTest's agent.
 */

import { firstReader, word } from "./readers.ts";
import { readAkamai, readAzure, readCacheFly, readCloudFront, readCloudflare, readFastly, readGoogle } from "./readers-western.ts";
import { server, type Vendor, via, weakly } from "./vendor.ts";

export const westernVendors: readonly Vendor[] = [
  {
    id: "cloudflare",
    name: "Cloudflare",
    marks: [server(/^cloudflare/i), { header: "cf-ray" }, { header: "cf-cache-status" }],
    read: readCloudflare,
    pop: { header: "cf-ray", value: /-([A-Z]{3})$/ },
  },
  {
    id: "cloudfront",
    name: "Amazon CloudFront",
    marks: [
      { header: "x-amz-cf-id" },
      { header: "x-amz-cf-pop" },
      via(/\(CloudFront\)/i),
      { header: "x-cache", value: /^\w+ from cloudfront$/i },
    ],
    read: readCloudFront,
    pop: { header: "x-amz-cf-pop", value: /^([A-Z]{3}\d+)/ },
  },
  {
    id: "bunny",
    name: "bunny.net",
    marks: [server(/^BunnyCDN/i), { header: "cdn-pullzone" }],
    read: word("cdn-cache"),
    pop: { header: "server", value: /^BunnyCDN-([A-Z0-9]+)/i },
  },
  {
    id: "vercel",
    name: "Vercel",
    marks: [{ header: "x-vercel-cache" }, { header: "x-vercel-id" }, server(/^Vercel$/i)],
    read: word("x-vercel-cache"),
    pop: { header: "x-vercel-id", value: /^([a-z]{3}\d)/ },
  },
  {
    id: "netlify",
    name: "Netlify",
    marks: [server(/^Netlify/i), { header: "x-nf-request-id" }, { header: "cache-status", value: /"?Netlify (?:Edge|Durable)/i }],
    // Its edge is not always the last member, and a framework's own cache is no part of the CDN.
    cacheStatus: { caches: /^Netlify/i, edge: /^Netlify Edge/i },
  },
  {
    id: "gcore",
    name: "Gcore",
    marks: [{ header: "x-cached-since" }, { header: "x-id", value: /-edge-|gc\d+$/i }],
    read: word("cache"),
    storedAt: "x-cached-since",
    pop: { header: "x-id", value: /^([a-z]+\d*)-/ },
  },
  {
    id: "cdn77",
    name: "CDN77",
    marks: [server(/^CDN77/i), { prefix: "x-77-" }],
    read: firstReader(word("x-77-cache"), word("x-cache")),
    age: ["x-77-age", "x-age"],
    pop: { header: "x-77-pop", value: /^([\w-]+)/ },
  },
  {
    id: "azure",
    name: "Azure CDN and Front Door",
    marks: [{ header: "x-azure-ref" }, { header: "x-msedge-ref", weak: true }],
    read: readAzure,
  },
  {
    id: "akamai",
    name: "Akamai",
    marks: [
      server(/^AkamaiGHost|^AkamaiNetStorage/i),
      { header: "x-akamai-request-id" },
      { prefix: "akamai-" },
      { header: "x-akamai-cache-status" },
      { header: "cdn-cache-status", value: / from child/i },
      { header: "x-cache", value: /AkamaiGHost|akamaitechnologies/i },
      { header: "x-check-cacheable" },
      { header: "server-timing", value: /\bak_p\b/ },
    ],
    read: readAkamai,
    pop: { header: "x-cache", value: /from (a\d+-\d+-\d+-\d+)/ },
  },
  {
    id: "fastly",
    name: "Fastly",
    marks: [
      { header: "x-fastly-request-id" },
      { header: "fastly-debug-ttl" },
      { header: "x-served-by", value: /\bcache-[a-z]{3}/i },
      via(/fastly/i),
      { header: "x-timer", value: /^S\d+\.\d+,VS/ },
      weakly(via(/varnish/i)),
    ],
    read: readFastly,
    pop: { header: "x-served-by", value: /-([A-Z]{3})\s*$/ },
  },
  {
    id: "keycdn",
    name: "KeyCDN",
    marks: [server(/^keycdn/i)],
    read: word("x-cache"),
    pop: { header: "x-edge-location", value: /^([a-z]{4})/ },
  },
  {
    id: "cachefly",
    name: "CacheFly",
    marks: [{ header: "x-cf1" }, { header: "x-cf3", value: /^[HM]$/i }],
    read: readCacheFly,
  },
  {
    id: "medianova",
    name: "Medianova",
    marks: [{ header: "x-mnrequest-id" }, { header: "x-cache-status", value: /^Edge\s*:/i }],
    read: word("x-cache-status"),
  },
  {
    id: "swiftserve",
    name: "SwiftServe (Conversant)",
    marks: [{ header: "x-cache", value: /\.swiftserve\.com/i }],
    read: word("x-cache"),
  },
  {
    id: "google",
    name: "Google Cloud CDN and Media CDN",
    marks: [via(/^1\.1 google$/i)],
    read: readGoogle,
  },
];
