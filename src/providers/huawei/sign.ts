/**
 * Huawei Cloud's request signature, scheme `SDK-HMAC-SHA256`.
 * https://support.huaweicloud.com/devg-apisign/api-sign-algorithm-001.html
 */

import { createHmac } from "node:crypto";
import { canonicalQuery, headerEntries, percentEncode, sha256 } from "../kit/canonical.ts";

export interface SigningInput {
  readonly method: string;
  readonly url: URL;
  /** The signature covers all of them. They must include `host` and `x-sdk-date`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const signatureScheme = "SDK-HMAC-SHA256";

/** The form of the `X-Sdk-Date` header: `20191115T033655Z`. `now` is in milliseconds. */
export function sdkDate(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

export function canonicalRequest({ method, url, headers, body }: SigningInput): string {
  const entries = headerEntries(headers);
  return [
    method.toUpperCase(),
    canonicalPath(url.pathname),
    canonicalQuery(url.searchParams),
    ...entries.map(([name, value]) => `${name}:${value}`),
    "",
    entries.map(([name]) => name).join(";"),
    sha256(body),
  ].join("\n");
}

export function stringToSign(request: string, date: string): string {
  return `${signatureScheme}\n${date}\n${sha256(request)}`;
}

/** The `Authorization` header: `SDK-HMAC-SHA256 Access=<ak>, SignedHeaders=host;x-sdk-date, Signature=<hex>`. */
export function authorization(input: SigningInput, credentials: { readonly ak: string; readonly sk: string }): string {
  const entries = headerEntries(input.headers);
  const date = entries.find(([name]) => name === "x-sdk-date")?.[1] ?? "";
  const signature = createHmac("sha256", credentials.sk)
    .update(stringToSign(canonicalRequest(input), date))
    .digest("hex");
  const names = entries.map(([name]) => name).join(";");
  return `${signatureScheme} Access=${credentials.ak}, SignedHeaders=${names}, Signature=${signature}`;
}

/** The signed path ends with a slash, even where the sent path does not. */
function canonicalPath(pathname: string): string {
  const path = pathname
    .split("/")
    .map((segment) => percentEncode(decode(segment)))
    .join("/");
  return path.endsWith("/") ? path : `${path}/`;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Escapes that are not UTF-8 have no decoded form; the signature covers them as they are.
    return segment;
  }
}
