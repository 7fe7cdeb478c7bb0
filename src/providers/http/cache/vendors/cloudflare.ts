/** Cloudflare. */

import { firstOf } from "../headers.ts";
import { type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { verdictOf } from "../verdict.ts";

const MEGABYTE = 1_048_576;

/**
 * A `HIT` without `Age` appears with Tiered Cache: the lower tier got the object from an upper tier for this very request.
 * https://developers.cloudflare.com/cache/concepts/cache-responses/
 * https://developers.cloudflare.com/cache/how-to/tiered-cache/
 */
const read: Reader = (headers) => {
  const found = statusHeader("cf-cache-status")(headers);
  if (found?.verdict.state !== "hit" || headers.has("age")) return found;
  return { ...found, verdict: verdictOf("hit", "parent"), missing: ["age"] };
};

/**
 * Cloudflare caches only these file extensions by default; HLS and DASH playlists and segments are not among them.
 * https://developers.cloudflare.com/cache/concepts/default-cache-behavior/
 */
const cachedExtensions = new Set(
  (
    "7z apk avi avif bin bmp bz2 class css csv dmg doc docx ejs eot eps exe flac gif gz ico iso jar jpeg jpg js mid midi mkv mp3 mp4 " +
    "ogg otf pdf pict pls png ppt pptx ps rar svg svgz swf tar tif tiff ttf webm webp woff woff2 xls xlsx zip zst"
  ).split(" "),
);

function extensionOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? "";
  return /\.([a-z0-9]{1,8})$/i.exec(path)?.[1]?.toLowerCase() ?? "";
}

const typeNotCached = {
  code: "cloudflare-type",
  reason: "Cloudflare does not cache files of this type by default.",
  change: "Add a Cache Rule that makes the path eligible for cache.",
};

const excludedByRule = {
  code: "cloudflare-rule",
  reason: "Cloudflare does not treat this URL as cacheable.",
  change: "Look for a Cache Rule or Worker that excludes the URL, and add a rule that includes it.",
};

export const cloudflare: Vendor<"cloudflare"> = {
  id: "cloudflare",
  name: "Cloudflare",
  marks: [{ header: "server", value: /^cloudflare/i }, { header: "cf-ray" }, { header: "cf-cache-status" }],
  cnames: ["cdn.cloudflare.net"],
  overwritesServer: true,
  read,
  pop: { header: "cf-ray", value: /-([A-Z]{3})$/ },
  cacheControl: "cloudflare-cdn-cache-control",
  largestObject: { bytes: 512 * MEGABYTE, change: "Raise the size limit of the Cloudflare plan." },
  // https://developers.cloudflare.com/cache/how-to/cache-rules/settings/
  rules: {
    lifetime: 'a Cache Rule with Edge TTL "Ignore cache-control header and use this TTL"',
    // https://developers.cloudflare.com/cache/concepts/cache-behavior/
    cookie: "a Cache Rule that makes the path eligible for cache and sets an Edge TTL, which removes the cookie",
    // https://developers.cloudflare.com/cache/concepts/vary/
    vary: "the setting Vary of a Cache Rule; only the origin can take back Vary: *",
    query: 'a Cache Rule with Cache key, Query string "Ignore query string"',
  },
  obstacles: ({ headers, url }) => {
    if (firstOf(headers, "cf-cache-status")?.toUpperCase() !== "DYNAMIC") return [];
    return [cachedExtensions.has(extensionOf(url)) ? excludedByRule : typeNotCached];
  },
};
