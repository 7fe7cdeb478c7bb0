/** The rows of the fault tables: each fault between the server and a vendor, with its expected outcome, written by hand. */

import type { Answer } from "../../../src/sandbox/server/answer.ts";
import { type CodeGroup, codeGroups, unknownCodes } from "./codes-harness.ts";
import type { Expected, FaultRow, Setup } from "./row-harness.ts";
import { type ProviderId, REQUEST_ID, type VodId, vendors } from "./vendors-harness.ts";
import type { CarriedOut, RequestFault } from "./wire-harness.ts";

const huawei = "huawei-vod";
const alibaba = "alibaba-vod";
const providers = [huawei, alibaba] as const;
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Milliseconds after which the first requests, which go out at once, are through. `LEFT` requests follow them. */
const MID_TASK = 100;
const LEFT = 3;
const MIDNIGHT = Date.parse("2026-11-21T00:00:00+08:00");

/**
 * The most requests of any kind, status queries included. FEW: a task of 3 batches that succeeds. SOME: one request is repeated or
 * looked up in the vendor's list. MANY: a task of a dozen batches.
 */
const FEW = 16;
const SOME = 30;
const MANY = 70;
/** Each of a dozen attempts is looked up in the vendor's list. */
const TRACED = 120;

type Rest = Omit<FaultRow, "section" | "fault" | "provider" | "expected">;
type Expectations = Readonly<Record<VodId, Expected>>;

function one(section: string, provider: ProviderId, fault: string, rest: Rest, expected: Expected): FaultRow {
  return { section, provider, fault, ...rest, expected };
}

/** The same fault for both providers. */
function both(section: string, fault: string, rest: Rest, expected: Expectations): FaultRow[] {
  return providers.map((provider) => one(section, provider, fault, rest, expected[provider]));
}

const same = (expected: Expected): Expectations => ({ [huawei]: expected, [alibaba]: expected });

const html = (status: number, title: string): Answer => ({
  status,
  headers: { "content-type": "text/html" },
  body: `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
});

const onceOnUrl = (fault: RequestFault): Rest => ({ commit: [{ on: "url", fault, times: 1 }] });
const alwaysOnUrl = (answer: Answer): Rest => ({ commit: [{ on: "url", fault: { kind: "answer", answer } }] });

// ---------------------------------------------------------------------------------------------------------------------
const connection = "No connection";

/** Nothing has left this machine, so everything can be sent again. The circuit breaker limits how often. */
const recovers: Expected = { url: "succeeded", tries: [2, 6], accepted: true, requests: MANY };
/** The outcome of requests that were accepted before stays open, because the vendor does not answer queries. */
const never: Expected = {
  url: "rejected: vendor_unavailable",
  others: ["processing", "rejected: vendor_unavailable"],
  tries: [2, 12],
  accepted: false,
  requests: MANY,
};
/** The fault is there from the start, so the only request is the one for the quota. */
const neverAny: Expected = { ...never, others: ["rejected: vendor_unavailable"], requests: 1 };

const connectionRows: FaultRow[] = [
  ...[["3 seconds", 3 * SECOND] as const, ["10 minutes", 10 * MINUTE] as const].flatMap(([length, until]) =>
    both(
      connection,
      `connections are refused for ${length}`,
      { left: LEFT, commit: [{ on: "connections", fault: "refused", from: MID_TASK, until }] },
      same(recovers),
    ),
  ),
  ...both(
    connection,
    "connections are always refused",
    { left: LEFT, commit: [{ on: "connections", fault: "refused", from: MID_TASK }] },
    same({ ...never, says: [/ECONNREFUSED/] }),
  ),
  ...both(
    connection,
    "the vendor's name cannot be resolved",
    // The name is longer than DNS allows, so resolving fails without a name server.
    { setup: { endpoint: `https://${"x".repeat(64)}.invalid` }, commit: [] },
    same({ ...neverAny, says: [/ENOTFOUND/] }),
  ),
  ...(
    [
      ["TLS: the certificate is self-signed", "of nobody known", /DEPTH_ZERO_SELF_SIGNED_CERT/],
      ["TLS: the certificate is for another name", "of another name", /ERR_TLS_CERT_ALTNAME_INVALID/],
    ] as const
  ).flatMap(([fault, certificate, says]) =>
    both(
      connection,
      fault,
      { setup: { tls: true }, commit: [{ on: "connections", fault: { certificate } }] },
      same({ ...neverAny, says: [says] }),
    ),
  ),
  ...both(
    connection,
    "TLS: the certificate has expired and is renewed after 10 minutes",
    {
      setup: { tls: true },
      left: LEFT,
      commit: [{ on: "connections", fault: { certificate: "expired" }, from: MID_TASK, until: 10 * MINUTE }],
    },
    same(recovers),
  ),
  ...both(
    connection,
    "TLS: the other side does not speak TLS",
    { setup: { tls: true }, commit: [{ on: "connections", fault: "noise" }] },
    same({ ...neverAny, says: [/ERR_SSL_|EPROTO/] }),
  ),
  ...both(
    connection,
    "TLS: the connection closes during the handshake",
    { setup: { tls: true }, commit: [{ on: "connections", fault: "hung up" }] },
    same({ ...neverAny, says: [/ECONNRESET|UND_ERR_SOCKET/] }),
  ),
  ...both(
    connection,
    "TLS: the handshake hangs for 10 minutes",
    { setup: { tls: true }, left: LEFT, commit: [{ on: "connections", fault: "silent", from: MID_TASK, until: 10 * MINUTE }] },
    same(recovers),
  ),
];

// ---------------------------------------------------------------------------------------------------------------------
const lost = "The answer is lost";

const unknown: Expected = { url: "unknown", tries: 1, accepted: true, requests: FEW };
const unknownUnspent: Expected = { ...unknown, accepted: false, overcounted: 3 };
const found: Expected = { url: "succeeded", tries: 1, accepted: true, requests: FEW };
const sentAgain: Expected = { url: "succeeded", tries: 2, accepted: true, requests: SOME };
const neverCarriedOut: Expected = { url: "rejected: timeout", tries: 12, accepted: false, requests: TRACED };

/** Huawei keeps no records, so the outcome is unknown. Alibaba lists carried-out requests; a request that is not listed is sent again. */
const afterLoss = (carriedOut: CarriedOut): Expectations =>
  carriedOut === "no" ? { [huawei]: unknownUnspent, [alibaba]: sentAgain } : { [huawei]: unknown, [alibaba]: found };

const words: Readonly<Record<CarriedOut, string>> = { no: "not carried out", yes: "carried out", late: "carried out a minute later" };
const listUnreadable: RequestFault = { kind: "answer", answer: vendors[alibaba].refusal(503, "ServiceUnavailable") };

const lostRows: FaultRow[] = [
  ...(["no", "yes"] as const).flatMap((carriedOut) =>
    both(lost, `the connection is reset, ${words[carriedOut]}`, onceOnUrl({ kind: "reset", carriedOut }), afterLoss(carriedOut)),
  ),
  ...both(
    lost,
    "the connection is reset every time, not carried out",
    { commit: [{ on: "url", fault: { kind: "reset", carriedOut: "no" } }] },
    {
      [huawei]: unknownUnspent,
      [alibaba]: neverCarriedOut,
    },
  ),
  ...(["no", "yes", "late"] as const).flatMap((carriedOut) =>
    both(lost, `no answer comes in time, ${words[carriedOut]}`, onceOnUrl({ kind: "silence", carriedOut }), afterLoss(carriedOut)),
  ),
  ...both(
    lost,
    "the answer stalls halfway",
    onceOnUrl({ kind: "changed", change: (answer) => answer, lost: "rest of it, silently" }),
    afterLoss("yes"),
  ),
  ...both(lost, "the answer comes at one byte per 5 seconds", onceOnUrl({ kind: "trickle", everyMs: 5 * SECOND }), afterLoss("yes")),
  ...both(
    lost,
    "the connection closes halfway through the answer",
    onceOnUrl({ kind: "changed", change: (answer) => answer, lost: "end" }),
    afterLoss("yes"),
  ),
  ...both(
    lost,
    "the answer is half of a JSON text",
    onceOnUrl({ kind: "changed", change: (answer) => ({ ...answer, body: answer.body.slice(0, answer.body.length / 2) }) }),
    afterLoss("yes"),
  ),
  ...both(
    lost,
    "the answer is larger than a megabyte",
    onceOnUrl({ kind: "changed", change: (answer) => ({ ...answer, body: answer.body + " ".repeat(1_100_000) }) }),
    afterLoss("yes"),
  ),
  ...both(
    lost,
    "the answer is JSON of another shape",
    onceOnUrl({ kind: "changed", change: (answer) => ({ ...answer, body: '["ok"]' }) }),
    afterLoss("yes"),
  ),
  ...both(lost, "the answer is empty", onceOnUrl({ kind: "changed", change: (answer) => ({ ...answer, body: "" }) }), {
    [huawei]: { url: "untracked", tries: 1, accepted: true, requests: FEW },
    [alibaba]: found,
  }),
  ...(["no", "yes"] as const).flatMap((carriedOut) =>
    both(lost, `the answer is not HTTP, ${words[carriedOut]}`, onceOnUrl({ kind: "noise", carriedOut }), afterLoss(carriedOut)),
  ),
  ...(["no", "yes"] as const).flatMap((carriedOut) =>
    both(
      lost,
      `the answer is HTML with status 200, ${words[carriedOut]}`,
      onceOnUrl({ kind: "answer", answer: html(200, "Welcome"), carriedOut }),
      afterLoss(carriedOut),
    ),
  ),
  ...[500, 504].flatMap((status) =>
    (["no", "yes"] as const).flatMap((carriedOut) =>
      both(
        lost,
        `the answer is HTML with status ${status}, ${words[carriedOut]}`,
        onceOnUrl({ kind: "answer", answer: html(status, "Error"), carriedOut }),
        afterLoss(carriedOut),
      ),
    ),
  ),
  one(
    lost,
    alibaba,
    "the connection is reset, carried out, and the vendor's list shows it half a minute later",
    { setup: { listDelayMs: 30 * SECOND }, ...onceOnUrl({ kind: "reset", carriedOut: "yes" }) },
    found,
  ),
  ...(["no", "yes"] as const).map((carriedOut) =>
    one(
      lost,
      alibaba,
      `the connection is reset, ${words[carriedOut]}, and the vendor's list cannot be read for 10 minutes`,
      {
        commit: [
          { on: "url", times: 1, fault: { kind: "reset", carriedOut } },
          { on: "questions", until: 10 * MINUTE, fault: listUnreadable },
        ],
      },
      { ...afterLoss(carriedOut)[alibaba], requests: 150 },
    ),
  ),
  one(
    lost,
    alibaba,
    "the connection is reset, carried out, and the vendor's list can never be read again",
    {
      commit: [
        { on: "url", times: 1, fault: { kind: "reset", carriedOut: "yes" } },
        { on: "questions", fault: listUnreadable },
      ],
    },
    // The server looks it up from time to time for six hours.
    { ...unknown, others: ["processing"], requests: 400, says: [/ServiceUnavailable/] },
  ),
];

// ---------------------------------------------------------------------------------------------------------------------
const foreign = "A proxy or gateway answers";

const turnedDown = (code: "vendor_unavailable" | "auth_failed" | "not_found" | "rate_limited", tries: number): Expected => ({
  url: `rejected: ${code}`,
  tries,
  accepted: false,
  requests: SOME,
});
const halved: Expected = { url: "rejected: invalid_argument", mates: "succeeded", tries: 3, accepted: false, requests: SOME };

const foreignRows: FaultRow[] = [
  ...both(
    foreign,
    "the vendor's answer has a wrong content type",
    onceOnUrl({ kind: "changed", change: (answer) => ({ ...answer, headers: { ...answer.headers, "content-type": "text/html" } }) }),
    same(found),
  ),
  ...both(
    foreign,
    "the answer is a redirect",
    alwaysOnUrl({ ...html(302, "Found"), headers: { location: "http://127.0.0.1:1/login", "content-type": "text/html" } }),
    { [huawei]: turnedDown("vendor_unavailable", 1), [alibaba]: neverCarriedOut },
  ),
  ...both(foreign, "the answer is HTML with status 403", alwaysOnUrl(html(403, "Forbidden")), same(turnedDown("auth_failed", 1))),
  ...both(foreign, "the answer is HTML with status 404", alwaysOnUrl(html(404, "Not Found")), same(turnedDown("not_found", 1))),
  ...both(foreign, "the answer is HTML with status 413", alwaysOnUrl(html(413, "Request Entity Too Large")), same(halved)),
  ...both(foreign, "the answer is HTML with status 429", alwaysOnUrl(html(429, "Too Many Requests")), same(turnedDown("rate_limited", 10))),
  ...both(
    foreign,
    "the answer is HTML with status 503, once",
    onceOnUrl({ kind: "answer", answer: html(503, "Service Unavailable") }),
    same(sentAgain),
  ),
  one(
    foreign,
    huawei,
    "the answer is HTML with status 503, every time",
    alwaysOnUrl(html(503, "Service Unavailable")),
    turnedDown("vendor_unavailable", 3),
  ),
];

// ---------------------------------------------------------------------------------------------------------------------
const refused = "The vendor refuses";

function expectedOf({ provider, codes: [code], outcome }: CodeGroup): Expected {
  const says = [new RegExp(code.replaceAll(".", "\\.")), new RegExp(REQUEST_ID)];
  switch (outcome.kind) {
    case "final":
      return { url: `rejected: ${outcome.code}`, tries: 1, accepted: false, requests: FEW, says };
    case "one of them":
      return { ...halved, says };
    case "passing":
      return { url: `rejected: ${outcome.code}`, tries: outcome.tries, accepted: false, requests: SOME, says };
    case "final for all":
      return {
        url: `rejected: ${outcome.code}`,
        others: [`rejected: ${outcome.code}`, "succeeded"],
        tries: [0, 1],
        accepted: false,
        requests: MANY,
        says,
      };
    case "lost":
      // After a look-up in the list, the reason no longer quotes the vendor's answer.
      return provider === huawei ? { ...unknownUnspent, says } : neverCarriedOut;
  }
}

function codeRowsOf(group: CodeGroup, fault: string, codes?: readonly string[]): FaultRow[] {
  const { provider, status, outcome, once: isSentOnce } = group;
  const [code] = group.codes;
  const common = { section: refused, provider };
  const answered: RequestFault = { kind: "answer", answer: vendors[provider].refusal(status, code) };
  const once: FaultRow = {
    ...common,
    ...(codes && { codes: [code] }),
    fault: `${fault}, once`,
    ...onceOnUrl(answered),
    expected: sentAgain,
  };
  const stays: FaultRow = {
    ...common,
    ...(codes && { codes }),
    fault,
    commit: [{ on: "url", fault: answered }],
    expected: expectedOf(group),
  };
  if (outcome.kind === "final for all") return [{ ...stays, left: LEFT, commit: [{ on: "submits", from: MID_TASK, fault: answered }] }];
  return isSentOnce ? [stays, once] : [stays];
}

const fault: Readonly<Record<VodId, Answer>> = {
  [huawei]: vendors[huawei].refusal(500, "VOD.10051"),
  [alibaba]: vendors[alibaba].refusal(500, "InternalError"),
};

const carriedOutAllTheSame = (provider: VodId): Rest => onceOnUrl({ kind: "answer", answer: fault[provider], carriedOut: "yes" });

const refusedRows: FaultRow[] = [
  ...codeGroups.flatMap((group) => codeRowsOf(group, "a code", group.codes)),
  ...unknownCodes.flatMap((group) => codeRowsOf(group, `an undocumented code with status ${group.status}`)),
  one(
    refused,
    huawei,
    "the vendor reports a failure once, but has carried out the request",
    { ...carriedOutAllTheSame(huawei), why: "The server believes a vendor that reports a failure" },
    { ...sentAgain, acceptedTimes: 2, overcounted: -3 },
  ),
  one(refused, alibaba, "the vendor reports a failure once, but has carried out the request", carriedOutAllTheSame(alibaba), found),
];

// ---------------------------------------------------------------------------------------------------------------------
const storms = "Throttling and outages";

const throttling: Readonly<Record<VodId, Answer>> = {
  [huawei]: {
    status: 429,
    headers: { "x-request-id": REQUEST_ID },
    body: JSON.stringify({
      error_code: "APIGW.0308",
      error_msg: "The throttling threshold has been reached: policy user over ratelimit,limit:100,time:1 minute",
    }),
  },
  [alibaba]: vendors[alibaba].refusal(503, "Throttling.User"),
};

/** The answer to every request, or to every submit, for a while in the middle of a task. */
const storm = (answer: Answer, on: "all" | "submits", until?: number, left = LEFT): Rest => ({
  left,
  commit: [{ on, from: MID_TASK, ...(until !== undefined && { until }), fault: { kind: "answer", answer } }],
});
const weathered: Expected = { url: "succeeded", tries: [1, 12], accepted: true, requests: 200 };

const stormRows: FaultRow[] = [
  ...providers.map((provider) =>
    one(storms, provider, "everything is throttled for 3 minutes", storm(throttling[provider], "all", 3 * MINUTE), weathered),
  ),
  one(
    storms,
    alibaba,
    "everything is throttled for 3 minutes, and the vendor asks for pauses of 20 seconds",
    storm(vendors[alibaba].refusal(503, "Throttling.User", { "x-acs-retry-after": "20000" }), "all", 3 * MINUTE),
    weathered,
  ),
  ...providers.map((provider) =>
    one(storms, provider, "every prefetch is always throttled", storm(throttling[provider], "submits"), {
      url: "rejected: rate_limited",
      others: ["rejected: rate_limited", "succeeded"],
      // The retries of the whole task are limited as well.
      tries: [8, 10],
      accepted: false,
      requests: 150,
    }),
  ),
  ...providers.map((provider) =>
    one(
      storms,
      provider,
      "the vendor answers everything with an error code for 10 minutes, with one request left to send",
      storm(fault[provider], "all", 10 * MINUTE, 1),
      provider === huawei ? { ...turnedDown("vendor_unavailable", 3), requests: 200 } : weathered,
    ),
  ),
  ...providers.map((provider) =>
    one(
      storms,
      provider,
      "the answer to everything is HTML with status 503 for 3 minutes, while a call waits",
      {
        commit: [{ on: "all", from: MID_TASK, until: 3 * MINUTE, fault: { kind: "answer", answer: html(503, "Service Unavailable") } }],
        setup: { waits: true },
      },
      // Status queries without an answer are repeated every few seconds.
      { ...found, requests: 150 },
    ),
  ),
  ...both(
    storms,
    "the answer to one request is HTML with status 503 for a minute",
    { commit: [{ on: "url", until: MINUTE, fault: { kind: "answer", answer: html(503, "Service Unavailable") } }] },
    { [huawei]: turnedDown("vendor_unavailable", 3), [alibaba]: sentAgain },
  ),
  one(storms, huawei, "the vendor always answers prefetches with an error code", storm(fault[huawei], "submits"), {
    url: "rejected: vendor_unavailable",
    others: ["rejected: vendor_unavailable", "succeeded"],
    tries: 3,
    accepted: false,
    requests: MANY,
    says: [/VOD\.10051/, new RegExp(REQUEST_ID)],
  }),
  one(storms, alibaba, "the vendor always answers prefetches with an error code", storm(fault[alibaba], "submits"), {
    url: "rejected: timeout",
    others: ["rejected: timeout", "succeeded"],
    tries: [8, 12],
    accepted: false,
    requests: 500,
  }),
];

// ---------------------------------------------------------------------------------------------------------------------
const time = "Clocks, credentials and days";

const outOfCredentials = (tries: Expected["tries"], says: readonly RegExp[]): Expected => ({
  url: "rejected: auth_failed",
  others: ["processing", "rejected: auth_failed"],
  tries,
  accepted: false,
  requests: MANY,
  says,
});

const skewed = (vendorAheadMs: number, rest: Rest = { commit: [] }): Rest => ({ ...rest, setup: { vendorAheadMs } });

const skewRows = [["behind", 20 * MINUTE] as const, ["ahead of", -20 * MINUTE] as const].flatMap(([where, vendorAheadMs]) => [
  ...both(time, `this machine's clock is 20 minutes ${where} the vendor's`, skewed(vendorAheadMs), {
    [huawei]: {
      url: "rejected: auth_failed",
      others: ["rejected: auth_failed"],
      tries: 0,
      accepted: false,
      requests: 1,
      says: [new RegExp(`clock is 20 minutes ${where} the vendor's`), /APIGW\.0303/, /clock/],
    },
    [alibaba]: { ...found, tries: [1, 2] },
  }),
  ...(["no", "yes"] as const).map((carriedOut) =>
    one(
      time,
      alibaba,
      `this machine's clock is 20 minutes ${where} the vendor's, and a connection is reset, ${words[carriedOut]}`,
      skewed(vendorAheadMs, onceOnUrl({ kind: "reset", carriedOut })),
      carriedOut === "no" ? { ...sentAgain, tries: [2, 3] } : { ...found, tries: [1, 2], requests: SOME },
    ),
  ),
]);

const wrongPassword: Answer = {
  status: 401,
  headers: {},
  body: JSON.stringify({ error: { code: 401, message: "The username or password is wrong.", title: "Unauthorized" } }),
};
const login: Setup = { credentials: "login" };
const revoked = { on: "tokens", from: MID_TASK } as const;

const credentialRows: FaultRow[] = [
  one(
    time,
    huawei,
    "the token of the login is revoked in mid-task",
    { setup: login, left: LEFT, commit: [revoked] },
    {
      url: "succeeded",
      tries: [1, 2],
      accepted: true,
      requests: MANY,
    },
  ),
  one(
    time,
    huawei,
    "the token of the login is revoked in mid-task, and logins fail for 2 minutes",
    {
      setup: login,
      left: LEFT,
      commit: [
        revoked,
        { on: "logins", from: MID_TASK, until: 2 * MINUTE, fault: { kind: "answer", answer: html(503, "Service Unavailable") } },
      ],
    },
    { ...weathered, requests: 150 },
  ),
  one(
    time,
    huawei,
    "the token and the password of the login are revoked in mid-task",
    { setup: login, left: LEFT, commit: [revoked, { on: "logins", from: MID_TASK, fault: { kind: "answer", answer: wrongPassword } }] },
    outOfCredentials([0, 1], [/IAM user, password|PREFETCH_HUAWEI_IAM/]),
  ),
  one(
    time,
    huawei,
    "the configured IAM token expires in mid-task",
    { setup: { credentials: "token", tokenLifeMs: MID_TASK }, left: LEFT, commit: [] },
    outOfCredentials(1, [/APIGW\.0307/, /token has expired/]),
  ),
  one(
    time,
    huawei,
    "temporary keys expire in mid-task",
    {
      setup: { credentials: "temporary keys" },
      left: LEFT,
      commit: [{ on: "all", from: MID_TASK, fault: { kind: "answer", answer: vendors[huawei].refusal(401, "APIGW.0301") } }],
    },
    outOfCredentials([0, 1], [/APIGW\.0301/]),
  ),
  one(
    time,
    alibaba,
    "temporary keys expire in mid-task",
    {
      setup: { credentials: "temporary keys" },
      left: LEFT,
      commit: [
        { on: "all", from: MID_TASK, fault: { kind: "answer", answer: vendors[alibaba].refusal(400, "InvalidSecurityToken.Expired") } },
      ],
    },
    outOfCredentials(1, [/InvalidSecurityToken\.Expired/, /expire/]),
  ),
];

const days = (before: number, after: number): Pick<Expected, "days"> => ({ days: { "2026-11-20": before, "2026-11-21": after } });
const justBefore = MIDNIGHT - 300;
const sentOnce: Expected = { url: "succeeded", tries: 1, accepted: true, requests: MANY };
const policy = (on_quota_exceeded: "partial" | "defer") => ({ args: { on_quota_exceeded } });
/** Huawei has no call that tells the limit, so the settings state it. */
const known = (dailyLimit: number) => ({ dailyLimit, settings: { PREFETCH_DAILY_BUDGET: String(dailyLimit) } });

const dayRows: FaultRow[] = [
  // The requests that may go out at once go out on the old day.
  ...both(
    time,
    "the vendor's day changes in mid-task",
    { left: LEFT, setup: { start: justBefore }, commit: [] },
    {
      [huawei]: { ...sentOnce, ...days(30, 9) },
      [alibaba]: { ...sentOnce, ...days(36, 9) },
    },
  ),
  ...[[huawei, 36, days(30, 6)] as const, [alibaba, 42, days(36, 6)] as const].map(([provider, limit, spent]) =>
    one(
      time,
      provider,
      "the vendor's day changes in mid-task, and the task has more URLs than the quota: `partial`",
      { left: LEFT, setup: { start: justBefore, ...known(limit), ...policy("partial") }, commit: [] },
      { ...sentOnce, others: ["rejected: quota_exhausted", "succeeded"], ...spent },
    ),
  ),
  ...both(
    time,
    "an answer is lost just before the vendor's day changes, not carried out",
    { setup: { start: justBefore }, ...onceOnUrl({ kind: "reset", carriedOut: "no" }) },
    { [huawei]: { ...unknownUnspent, ...days(6, 0) }, [alibaba]: { ...sentAgain, ...days(6, 3) } },
  ),
  ...both(
    time,
    "the task has more URLs than the quota: `partial`",
    { left: LEFT, setup: { ...known(30), ...policy("partial") }, commit: [] },
    same({
      url: "rejected: quota_exhausted",
      others: ["rejected: quota_exhausted", "succeeded"],
      tries: 0,
      accepted: false,
      requests: MANY,
    }),
  ),
  ...both(
    time,
    "the task has more URLs than the quota: `defer`",
    { left: LEFT, setup: { start: MIDNIGHT - HOUR, ...known(30), ...policy("defer") }, commit: [] },
    {
      [huawei]: { ...sentOnce, ...days(30, 9) },
      [alibaba]: { ...sentOnce, ...days(30, 15) },
    },
  ),
  one(
    time,
    huawei,
    "the vendor refuses URLs because the quota is spent: `defer`",
    { left: LEFT, setup: { start: MIDNIGHT - HOUR, dailyLimit: 30, ...policy("defer") }, commit: [] },
    { ...sentOnce, tries: [1, 2], ...days(30, 9) },
  ),
  ...[["behind", 5 * MINUTE] as const, ["ahead of", -5 * MINUTE] as const].flatMap(([where, vendorAheadMs]) =>
    both(
      time,
      `the task has more URLs than the quota, and this machine's clock is 5 minutes ${where} the vendor's: \`defer\``,
      { left: LEFT, setup: { start: MIDNIGHT - HOUR, vendorAheadMs, ...known(30), ...policy("defer") }, commit: [] },
      { [huawei]: { ...sentOnce, tries: [1, 3], ...days(30, 9) }, [alibaba]: { ...sentOnce, tries: [1, 3], ...days(30, 15) } },
    ),
  ),
];

export const faultRows: readonly FaultRow[] = [
  ...connectionRows,
  ...lostRows,
  ...foreignRows,
  ...refusedRows,
  ...stormRows,
  ...skewRows,
  ...credentialRows,
  ...dayRows,
];
