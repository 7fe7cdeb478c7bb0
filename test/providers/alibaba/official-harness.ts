/** Alibaba Cloud's own client and signer, the reference for our signature and for the emulator. */

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { stringify } from "node:querystring";
import { request } from "undici";
import { acsDate, signatureScheme } from "../../../src/providers/alibaba/sign.ts";
import { sha256 } from "../../../src/providers/kit/canonical.ts";

export interface Keys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string;
}

export type Parameters = Readonly<Record<string, string>>;

/** The fields of the vendor's bodies that tests read. */
export interface WireBody {
  readonly RequestId?: string;
  readonly HostId?: string;
  readonly Code?: string;
  readonly Message?: string;
  readonly Recommend?: string;
  readonly PreloadTaskId?: string;
  readonly RefreshTaskId?: string;
  readonly PageNumber?: number;
  readonly PageSize?: number;
  readonly TotalCount?: number;
  readonly Tasks?: { readonly Task: readonly Readonly<Record<string, string>>[] };
  readonly Domains?: { readonly PageData: readonly Readonly<Record<string, string>>[] };
  readonly PreloadQuota?: string | number;
  readonly PreloadRemain?: string | number;
  readonly UrlQuota?: string | number;
  readonly UrlRemain?: string | number;
  readonly blockRemain?: string | number;
  readonly MediaRefreshJobId?: string;
  readonly NonExistMediaIds?: string;
  readonly ForbiddenMediaIds?: string;
  readonly MediaRefreshJobs?: readonly Readonly<Record<string, string>>[];
  readonly VideoBase?: Readonly<Record<string, string>>;
  readonly PlayInfoList?: { readonly PlayInfo: readonly Readonly<Record<string, string | number>>[] };
}

/** The client's reading of an answer: a result or an error. */
export interface ClientAnswer {
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly body: WireBody;
  /** The class of the client's error. */
  readonly error?: string;
  /** Milliseconds to wait, as the client reads them. */
  readonly retryAfter?: number;
}

/** The part of the client that tests use. Its own types need models of one of its dependencies. */
interface OfficialModule {
  readonly default: new (
    config: object,
  ) => {
    callApi(params: object, request: object, runtime: object): Promise<{ readonly statusCode: number; readonly body: WireBody }>;
  };
  readonly $OpenApiUtil: { readonly Config: new (values: object) => object };
  readonly OpenApiUtil: {
    query(params: Parameters): object;
    getAuthorization(request: object, scheme: string, payload: string, id: string, secret: string): string;
  };
}

// Node and Vitest differ in the default import of a CommonJS module, so this is a `require`.
const official: OfficialModule = createRequire(import.meta.url)("@alicloud/openapi-core");

/** The fields of the client's errors that tests read. */
interface ClientFailure extends Error {
  readonly statusCode?: number;
  readonly code?: string;
  readonly data?: WireBody;
  readonly retryAfter?: number;
}

export interface ClientCall {
  readonly endpoint: string;
  readonly keys: Keys;
  readonly now: number;
  readonly action: string;
  readonly params: Parameters;
  readonly version?: string;
  readonly method?: "GET" | "POST";
  /** Whether the parameters travel in a form instead of the query. */
  readonly form?: boolean;
}

/** Makes any call with the official client. */
export async function call({ endpoint, keys, now, action, params, ...how }: ClientCall): Promise<ClientAnswer> {
  const { version = "2017-03-21", method = "POST", form = false } = how;
  const config = new official.$OpenApiUtil.Config({ ...keys, endpoint: new URL(endpoint).host, protocol: "HTTP", regionId: "cn-shanghai" });
  const client = new official.default(config);
  const common = { pathname: "/", authType: "AK", style: "RPC", protocol: "HTTP", reqBodyType: "formData", bodyType: "json" };
  // Without this header, the client signs for the real time.
  const headers = { "x-acs-date": acsDate(now) };
  const content = form ? { headers, body: params } : { headers, query: official.OpenApiUtil.query(params) };
  try {
    const { statusCode, body } = await client.callApi({ ...common, action, version, method }, content, { readTimeout: 5_000 });
    return { status: statusCode, code: undefined, body };
  } catch (error) {
    const { statusCode: status, code, data = {}, name, retryAfter }: ClientFailure = Object(error);
    if (status === undefined) throw error;
    return { status, code, body: data, error: name, ...(retryAfter !== undefined && { retryAfter }) };
  }
}

/** The `Authorization` header of the official signer. */
export function officialAuthorization(
  signed: {
    readonly method: string;
    readonly query: Parameters;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
  keys: Keys,
): string {
  const { accessKeyId, accessKeySecret } = keys;
  return official.OpenApiUtil.getAuthorization(
    { ...signed, pathname: "/" },
    signatureScheme,
    sha256(signed.body),
    accessKeyId,
    accessKeySecret,
  );
}

export interface SignedRequest {
  readonly endpoint: string;
  readonly keys: Keys;
  readonly now: number;
  readonly action: string;
  readonly query?: Parameters;
  readonly body?: string;
  readonly method?: "GET" | "POST" | "PUT";
  /** Adds or replaces headers. An `undefined` value removes the header. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** A request as it is sent. Tests tamper with it. */
export interface WireRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The documented request, with the official signature. */
export function signedRequest({
  endpoint,
  keys,
  now,
  action,
  query = {},
  body = "",
  method = "POST",
  headers,
}: SignedRequest): WireRequest {
  const wanted = {
    host: new URL(endpoint).host,
    "x-acs-action": action,
    "x-acs-version": "2017-03-21",
    "x-acs-date": acsDate(now),
    "x-acs-signature-nonce": randomUUID(),
    "x-acs-content-sha256": sha256(body),
    "x-acs-security-token": keys.securityToken,
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(wanted).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const authorization = officialAuthorization({ method, query, headers: sent, body }, keys);
  return { method, url: `${endpoint}/?${stringify(query)}`, headers: { ...sent, authorization }, ...(body !== "" && { body }) };
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: WireBody;
}

export async function exchange({ method, url, headers, body }: WireRequest): Promise<WireAnswer> {
  // A silent emulator must not hang a test.
  const signal = AbortSignal.timeout(5_000);
  const response = await request(url, { method, headers, signal, ...(body !== undefined && { body }) });
  const text = await response.body.text();
  return { status: response.statusCode, headers: response.headers, text, body: bodyOf(text) };
}

function bodyOf(text: string): WireBody {
  try {
    return JSON.parse(text);
  } catch {
    // Some tests make the emulator answer with broken JSON.
    return {};
  }
}
