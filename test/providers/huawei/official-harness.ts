/** The signer of Huawei Cloud's SDK, the reference for our signature and for the emulator. */

import sdk from "@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner.js";
import { request } from "undici";

/** The part of the SDK's signer that tests use. Its own types are `any`. */
interface OfficialSigner {
  sign(
    request: {
      readonly endpoint: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly queryParams: Readonly<Record<string, string | string[]>>;
      readonly data?: object;
    },
    credential: { readonly getAk: () => string | undefined; readonly getSk: () => string | undefined },
  ): Record<string, string>;
}

const signer: OfficialSigner = sdk.AKSKSigner;

export interface OfficialRequest {
  readonly method: "GET" | "POST";
  /** Scheme and host. */
  readonly endpoint: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** The signature covers all of them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** In the form of `X-Sdk-Date`. */
  readonly date: string;
  readonly keys: { readonly ak: string; readonly sk: string };
}

/** The headers that the SDK would send. It reads the date only under this spelling, and sorts query arrays in place. */
export function officialHeaders({
  method,
  endpoint,
  path,
  query = {},
  headers,
  body,
  date,
  keys,
}: OfficialRequest): Record<string, string> {
  const queryParams = Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  );
  return signer.sign(
    { endpoint: `${endpoint}${path}`, method, headers: { ...headers, "X-Sdk-Date": date }, queryParams, ...(body && { data: body }) },
    { getAk: () => keys.ak, getSk: () => keys.sk },
  );
}

/** A request as it is sent. Tests tamper with it. */
export interface WireRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The parsed body, `undefined` when it is not JSON. */
  readonly json: WireBody | undefined;
}

/** The fields of the vendor's bodies that tests read. */
export interface WireBody {
  readonly error_code?: string;
  readonly error_msg?: string;
  readonly task_id?: string;
  readonly preheating_results?: readonly { readonly url: string; readonly status: string }[];
  readonly asset_info_array?: readonly object[];
  readonly token?: { readonly expires_at: string };
  readonly error?: { readonly code: number };
}

export function officialRequest(input: OfficialRequest): WireRequest {
  const { method, endpoint, path, query = {}, body } = input;
  const search = Object.entries(query).flatMap(([name, value]) =>
    (typeof value === "string" ? [value] : value).map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  const headers = officialHeaders({ ...input, headers: { "content-type": "application/json", ...input.headers } });
  const url = `${endpoint}${path}${search.length > 0 ? `?${search.join("&")}` : ""}`;
  return { method, url, headers, ...(body && { body: JSON.stringify(body) }) };
}

export async function exchange({ method, url, headers, body }: WireRequest): Promise<WireAnswer> {
  // A silent emulator must not hang a test.
  const signal = AbortSignal.timeout(5_000);
  const response = await request(url, { method, headers, signal, ...(body !== undefined && { body }) });
  const text = await response.body.text();
  return { status: response.statusCode, headers: response.headers, text, json: jsonOf(text) };
}

function jsonOf(text: string): WireBody | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // Some answers have an empty body, and some tests inject broken JSON.
    return undefined;
  }
}
