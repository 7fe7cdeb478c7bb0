/** The signature check of the emulated Tencent Cloud, on requests that change after our signer has signed them. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { authorization, signingTime } from "../../../src/providers/kit/derived-key.ts";
import { scheme } from "../../../src/providers/tencent/api.ts";
import type { ReceivedRequest } from "../../../src/sandbox/server/receive.ts";
import { createSignatureCheck } from "../../../src/sandbox/tencent/signature-check.ts";
import { runs } from "../../fakes/runs.ts";

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const keys = { secretId: "AKIDtest", secretKey: "the-secret" };
/** Shortly after midnight, so that a time five minutes ago is of another day. */
const now = Date.parse("2026-11-21T00:02:00Z");
const DAY_MS = 86_400_000;
const check = createSignatureCheck(keys, "cdn", () => now);

interface Signing {
  readonly body: string;
  readonly at?: number;
  readonly secret?: string;
  readonly service?: string;
  /** The headers that the signature covers, of those that the request has. */
  readonly covered?: readonly string[];
}

function signed({ body, at = now, secret = keys.secretKey, service = "cdn", covered }: Signing): Sent {
  const time = signingTime(scheme, at);
  const all = { "content-type": "application/json", host: "cdn.tencentcloudapi.com", "x-tc-action": "PushUrlsCache" };
  const headers = Object.fromEntries(Object.entries(all).filter(([name]) => covered?.includes(name) ?? true));
  const input = { method: "POST", path: "/", query: [], headers, body, at, scope: [service] };
  const proof = authorization(scheme, input, { id: keys.secretId, secret });
  return { headers: { ...all, "x-tc-timestamp": time, authorization: proof }, body };
}

function received({ headers, body }: Sent): ReceivedRequest {
  const url = new URL("http://cdn.tencentcloudapi.com/");
  return { method: "POST", target: "/", url, headers: new Map(Object.entries(headers)), body: Buffer.from(body) };
}

/** The code of the refusal; `undefined` for a request that passes. */
function codeOf(sent: Sent): unknown {
  try {
    check(received(sent));
    return undefined;
  } catch (error) {
    return Object(error).code;
  }
}

function withHeader({ headers, body }: Sent, name: string, change: (value: string) => string): Sent {
  return { headers: { ...headers, [name]: change(headers[name] ?? "") }, body };
}

it("passes signed requests, and refuses them when any signed part changes", () => {
  const contents = fc.json();
  const word = fc.stringMatching(/^[A-Za-z0-9-]{1,12}$/);
  const names = fc.constantFrom("content-type", "host", "x-tc-action");
  fc.assert(
    fc.property(contents, word, names, fc.nat(), (body, other, name, place) => {
      const sent = signed({ body });
      expect(codeOf(sent)).toBeUndefined();
      const at = place % (body.length + 1);
      const refused: readonly Sent[] = [
        { ...sent, body: body.slice(0, at) + other + body.slice(at) },
        { ...sent, body: "" },
        signed({ body, secret: `${keys.secretKey}${other}` }),
        signed({ body, service: `cdn${other}` }),
        withHeader(sent, name, (value) => value + other),
        // Another time within the five minutes.
        withHeader(sent, "x-tc-timestamp", () => signingTime(scheme, now + 1_000)),
        // A header is left out of the list, or stands there unsigned.
        withHeader(sent, "authorization", (value) => value.replace(";x-tc-action", "")),
        withHeader(sent, "authorization", (value) => value.replace("x-tc-action", "x-tc-action;x-tc-timestamp")),
      ];
      expect(refused.map(codeOf)).toEqual(refused.map(() => "AuthFailure.SignatureFailure"));
    }),
    { numRuns: runs(100) },
  );
});

it.each<readonly [string, string | undefined, Sent]>([
  ["the time is five minutes old, and of the day before", undefined, signed({ body: "{}", at: now - 300_000 })],
  ["the time is 301 seconds old", "SignatureExpire", signed({ body: "{}", at: now - 301_000 })],
  ["the time is 301 seconds ahead", "SignatureExpire", signed({ body: "{}", at: now + 301_000 })],
  [
    "an old request has a new time",
    "SignatureFailure",
    withHeader(signed({ body: "{}", at: now - DAY_MS }), "x-tc-timestamp", () => signingTime(scheme, now)),
  ],
  ["the time is no number", "SignatureExpire", withHeader(signed({ body: "{}" }), "x-tc-timestamp", () => "now")],
  ["the signature covers the required headers only", undefined, signed({ body: "{}", covered: ["content-type", "host"] })],
  ["the signature does not cover the host", "InvalidAuthorization", signed({ body: "{}", covered: ["content-type", "x-tc-action"] })],
  ["the signature does not cover the content type", "InvalidAuthorization", signed({ body: "{}", covered: ["host"] })],
  [
    "the list of headers loses the host",
    "InvalidAuthorization",
    withHeader(signed({ body: "{}" }), "authorization", (value) => value.replace("host;", "")),
  ],
  ["there is no signature", "InvalidAuthorization", withHeader(signed({ body: "{}" }), "authorization", () => "")],
])("decides as the vendor documents when %s", (_, reason, sent) => {
  expect(codeOf(sent)).toBe(reason && `AuthFailure.${reason}`);
});
