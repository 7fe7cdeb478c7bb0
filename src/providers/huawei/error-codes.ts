/**
 * The meaning of Huawei Cloud's error codes and HTTP statuses. Codes decide, because VOD answers 403 for faults, quota,
 * throttling and missing assets alike, and CDN answers 200 for refusals.
 * https://support.huaweicloud.com/devg-apisign/ (API Gateway)
 */

import type { ErrorTable, Meaning, StatusMeanings } from "../kit/error-table.ts";
import { type Meanings, meaningsFor } from "./meanings.ts";
import type { Product } from "./product.ts";

/** 0201 is absent on purpose: it covers malformed requests and unreachable backends alike, so the status decides. */
const gatewayCodes = (is: Meanings, endpointSettings: readonly string[]): Readonly<Record<string, Meaning>> => ({
  "0101": { ...is.setup, hint: `The gateway knows no such API. Check ${endpointSettings.toReversed().join(" and ")}.` },
  "0103": is.gone,
  "0104": is.gone,
  "0105": is.gone,
  "0106": is.gone,
  "0202": is.fault,
  "0203": is.gatewayTimeout,
  "0301": is.wrongCredentials,
  "0302": is.denied,
  "0303": is.wrongCredentials,
  "0305": is.wrongCredentials,
  "0306": is.denied,
  "0307": { ...is.wrongCredentials, hint: "The token has expired or belongs to another region." },
  "0308": is.throttled,
  "0310": is.setup,
  "0311": is.wrongCredentials,
  "0401": is.deniedAddress,
  "0402": is.deniedAddress,
  "0404": is.deniedAddress,
  "0501": is.account,
  "0502": is.account,
  "0601": is.fault,
  "0602": is.invalid,
  "0605": is.fault,
  "0606": is.fault,
  "0607": is.invalid,
  "0608": is.fault,
  "0609": is.fault,
  "0610": is.fault,
  "0611": is.fault,
  "0613": is.fault,
  "0705": is.fault,
  "0801": is.setup,
  "0802": is.setup,
});

function statusesOf(is: Meanings, { endpointSettings: [endpointSetting], traceable }: Product): StatusMeanings {
  return {
    exact: {
      401: is.wrongCredentials,
      403: is.denied,
      404: { code: "not_found", hint: `Check ${endpointSetting} and the id.` },
      408: { code: "timeout", retryable: true },
      429: is.throttled,
      // 503 means that the gateway has not passed the request on.
      503: is.fault,
      504: is.gatewayTimeout,
    },
    clientError: is.invalid,
    serverError: is.fault,
    other: {
      code: "vendor_unavailable",
      ...(traceable && { delivery: "unknown" }),
      hint: "A proxy may have answered instead of the vendor. Check the endpoint and any proxy.",
    },
  };
}

export function errorTableOf(product: Product): ErrorTable {
  const { endpointSettings, codes } = product;
  const is = meaningsFor(product);
  // Gateways write either prefix, with the same meaning.
  const gatewayRows = ["APIG", "APIGW"].flatMap((prefix) =>
    Object.entries(gatewayCodes(is, endpointSettings)).map(([number, meaning]) => [`${prefix}.${number}`, meaning] as const),
  );
  const unknownCode = statusesOf(is, product);
  return {
    codes: new Map([...Object.entries(codes(is)), ...gatewayRows]),
    unknownCode,
    // A gateway without a vendor code may have lost the answer of a request that the vendor has done.
    noCode: { ...unknownCode, serverError: { ...is.fault, delivery: "unknown" } },
  };
}
