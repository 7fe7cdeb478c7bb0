/** Errors of the emulated Huawei Cloud, in the forms of its API gateway and of VOD. */

import { randomBytes } from "node:crypto";
import type { Answer } from "../server/answer.ts";
import { jsonAnswer } from "../server/json.ts";

export function unauthorized(number: string, message: string): Answer {
  return jsonAnswer(401, { error_msg: message, error_code: `APIGW.${number}`, request_id: randomBytes(16).toString("hex") });
}

export function unauthenticated(reason: string): Answer {
  return unauthorized("0301", `Incorrect IAM authentication information: ${reason}`);
}

export function throttled(calls: number, period = "1 minute"): Answer {
  return jsonAnswer(429, {
    error_code: "APIGW.0308",
    error_msg: `The throttling threshold has been reached: policy user over ratelimit,limit:${calls},time:${period}`,
  });
}

/** Source: https://support.huaweicloud.com/api-vod/ErrorCode.html */
export function vodError(status: number, code: string, message: string): Answer {
  return jsonAnswer(status, { error_code: code, error_msg: message });
}

export function illegal(field: string): Answer {
  return vodError(400, "VOD.10053", `The request parameter is illegal, illegal field: {${field}}.`);
}

/** Source: https://support.huaweicloud.com/api-cdn/ErrorCode.html */
export function cdnError(status: number, code: string, message: string): Answer {
  return jsonAnswer(status, { error: { error_code: code, error_msg: message } });
}

export function unpublishedApi(): Answer {
  const error = { error_msg: "The API does not exist or has not been published in the environment", error_code: "APIGW.0101" };
  return jsonAnswer(404, error);
}
