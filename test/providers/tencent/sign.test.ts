/** Tencent Cloud's signature keeps the signer contract. Its golden vectors are in test/providers/kit/derived-key.test.ts. */

import { createRequire } from "node:module";
import fc from "fast-check";
import { authorization, signingTime } from "../../../src/providers/kit/derived-key.ts";
import { scheme } from "../../../src/providers/tencent/api.ts";
import { type SignableRequest, signerContract } from "../../contract/signer.ts";
import { anyText } from "../text-harness.ts";

interface OfficialInput {
  readonly method: string;
  readonly url: string;
  readonly payload: Buffer;
  readonly timestamp: number;
  readonly service: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly headers: Readonly<Record<string, string>>;
}

// Node and Vitest differ in the default import of a CommonJS module, so this is a `require`.
const { default: official }: { readonly default: { sign3(input: OfficialInput): string } } = createRequire(import.meta.url)(
  "tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js",
);

interface Signed extends SignableRequest {
  readonly body: string;
  readonly seconds: number;
  readonly service: string;
  readonly id: string;
  readonly secret: string;
}

const known: Signed = {
  method: "POST",
  headers: { "content-type": "application/json; charset=utf-8", host: "cvm.tencentcloudapi.com" },
  body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
  seconds: 1_551_113_065,
  service: "cvm",
  id: "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******",
  secret: "Gu5t9xGARNpq86cd98joQYCN3*******",
};

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const key = fc.stringMatching(/^[!-~]{1,40}$/);

signerContract<Signed>({
  scheme: scheme.algorithm,
  known: [
    {
      name: "of the signature page",
      request: known,
      authorization: `TC3-HMAC-SHA256 Credential=${known.id}/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, Signature=2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c`,
    },
  ],
  unsignedHeaders: {},
  ours: ({ method, headers, body, seconds, service, id, secret }) =>
    authorization(scheme, { method, path: "/", query: [], headers, body, at: seconds * 1_000, scope: [service] }, { id, secret }),
  official: ({ method, headers, body, seconds, service, id, secret }) =>
    official.sign3({
      method,
      url: `https://${headers.host}/`,
      payload: Buffer.from(body),
      timestamp: seconds,
      service,
      secretId: id,
      secretKey: secret,
      headers: { "Content-Type": headers["content-type"] ?? "" },
    }),
  anyRequest: fc
    .record({
      body: anyText(60).map((text) => text.toWellFormed()),
      seconds: fc.integer({ min: 1, max: 4_000_000_000 }),
      service: word,
      id: key,
      secret: key,
    })
    .map((parts): Signed => {
      const headers = { "content-type": "application/json", host: `${parts.service}.tencentcloudapi.com` };
      return { ...parts, method: "POST", headers };
    }),
  date: { write: (now) => signingTime(scheme, now), example: "1795248000" },
});
