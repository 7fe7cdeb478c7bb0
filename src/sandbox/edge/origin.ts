/** The origin behind the sandbox's edge. It generates each answer from the URL and the time alone. */

import { createHash } from "node:crypto";
import { type Body, packedBody, patternBody, textBody } from "../server/body.ts";
import { type EdgeOutcome, outcomeAtEdge, withoutOutcome } from "./outcomes.ts";
import { siteFile } from "./site.ts";
import { streamFile } from "./streams.ts";

export interface OriginAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  /** The outcome that the URL's file name selects. */
  readonly outcome: EdgeOutcome;
}

const SHIELD = "/shielded/";

/** Whether a parent cache holds the URL from the start. */
export function isShielded({ pathname }: URL): boolean {
  return pathname.startsWith(SHIELD);
}

/** The same URL and time always give the same answer. */
export function originAnswer(url: URL, at: number): OriginAnswer {
  const path = isShielded(url) ? url.pathname.slice(SHIELD.length - 1) : url.pathname;
  const outcome = outcomeAtEdge(path);
  if (outcome.does === "redirect") {
    const target = new URL(url);
    target.pathname = withoutOutcome(url.pathname);
    return note(302, `The file is at ${target.href}`, outcome, { location: target.href });
  }
  if (outcome.status !== undefined) return note(outcome.status, "The file name requests this status.", outcome);
  const found = siteFile(path, url, at) ?? streamFile(path, at) ?? { bytes: sizeOf(url.searchParams.get("size")) };
  if (found === "absent") return note(404, "The stream has no such file.", outcome);
  const [body, maxAgeS] = "text" in found ? [bodyOf(found), found.maxAgeS] : [patternBody(found.bytes, seedOf(path)), DEFAULT_LIFETIME_S];
  const version = "text" in found ? found.text : `${path} ${found.bytes}`;
  const type = typeOf(path);
  const headers = {
    "content-type": type,
    "cache-control": `public, max-age=${maxAgeS}`,
    etag: `"sandbox-${digest(version).toString("hex", 0, 8)}"`,
    "accept-ranges": "bytes",
    ...(isText(type) && { vary: "Accept-Encoding" }),
    ...outcome.headers,
  };
  return { status: 200, headers, body, outcome };
}

function bodyOf({ text, isPacked }: { readonly text: string; readonly isPacked?: true }): Body {
  return isPacked ? packedBody(text) : textBody(text);
}

/** The answer to the first request for a throttled URL. */
export function throttledAnswer(outcome: EdgeOutcome): OriginAnswer {
  return note(429, "The file name makes the first request fail. Send it again.", outcome, { "retry-after": "1" });
}

function note(status: number, text: string, outcome: EdgeOutcome, headers: Readonly<Record<string, string>> = {}): OriginAnswer {
  return { status, headers: { "content-type": "text/plain", ...headers }, body: textBody(`Sandbox: ${status}. ${text}\n`), outcome };
}

const DEFAULT_LIFETIME_S = 3_600;
const DEFAULT_BYTES = 65_536;
const MOST_BYTES = 64 * 1_048_576;
const units = new Map([
  ["", 1],
  ["k", 1_024],
  ["m", 1_048_576],
]);

/** `200k`, `1m` or a number of bytes, at most 64 MiB. Any other text gives the default size. */
function sizeOf(text: string | null): number {
  const [, digits, unit = ""] = /^(\d{1,9})([km]?)$/i.exec(text ?? "") ?? [];
  if (digits === undefined) return DEFAULT_BYTES;
  return Math.min(Number(digits) * (units.get(unit.toLowerCase()) ?? 1), MOST_BYTES);
}

const types: ReadonlyMap<string, string> = new Map(
  Object.entries({
    m3u8: "application/vnd.apple.mpegurl",
    mpd: "application/dash+xml",
    ts: "video/mp2t",
    m4s: "video/iso.segment",
    mp4: "video/mp4",
    m4a: "audio/mp4",
    webm: "video/webm",
    vtt: "text/vtt",
    html: "text/html",
    css: "text/css",
    js: "text/javascript",
    txt: "text/plain",
    json: "application/json",
    xml: "application/xml",
    svg: "image/svg+xml",
    jpg: "image/jpeg",
    png: "image/png",
    webp: "image/webp",
    woff2: "font/woff2",
    zip: "application/zip",
    gz: "application/gzip",
  }),
);

function typeOf(path: string): string {
  return types.get(/\.([a-z0-9]{1,5})$/i.exec(path)?.[1]?.toLowerCase() ?? "") ?? "application/octet-stream";
}

/** Servers compress these types, so their answers vary by the accepted encodings. */
function isText(type: string): boolean {
  return type.startsWith("text/") || /mpegurl$|xml$|json$/.test(type);
}

function seedOf(path: string): number {
  return digest(path).readUInt32BE(0);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
