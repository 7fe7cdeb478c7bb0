/**
 * The emulator proven by what nobody here wrote: requests signed by the vendor's own SDK pass, whatever was tampered
 * with does not, and limits, editions and errors are those that the vendor documents.
 */

import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorization, sdkDate } from "../../../src/providers/huawei/sign.ts";
import { type HuaweiVodEmulator, type HuaweiVodEmulatorOptions, sampleAssets, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import type { FaultRule } from "../../../src/sandbox/server/faults.ts";
import { type HandClock, HOUR, handClock, MINUTE, SECOND } from "../../providers/clock-harness.ts";
import {
  exchange,
  type OfficialRequest,
  officialRequest,
  type WireAnswer,
  type WireRequest,
} from "../../providers/huawei/official-harness.ts";

const assetId = "f488337c31c8e4622f1590735b134c65";
const unpublishedId = "0000000000000000000000000000c0de";
const assetUrls = sampleAssets[assetId]?.urls ?? [];
const url = (index: number | string) => `https://example.com/${index}.mp4`;

let clock: HandClock;
let vod: HuaweiVodEmulator;

beforeEach(async () => {
  clock = handClock();
  vod = await startHuaweiVod({ now: clock.now });
});

afterEach(async () => {
  await vod.close();
});

async function restart(options: HuaweiVodEmulatorOptions): Promise<void> {
  await vod.close();
  vod = await startHuaweiVod({ now: clock.now, ...options });
}

type Wanted = Partial<Omit<OfficialRequest, "endpoint">>;

function signed(wanted: Wanted = {}): WireRequest {
  return officialRequest({
    method: wanted.body ? "POST" : "GET",
    endpoint: vod.endpoint,
    path: `/v1.0/${vod.projectId}/asset/preheating`,
    date: sdkDate(clock.now()),
    keys: vod.user,
    ...wanted,
  });
}

const send = (wanted?: Wanted): Promise<WireAnswer> => exchange(signed(wanted));
const post = (body: object): Promise<WireAnswer> => send({ body });
const query = (taskId: string): Promise<WireAnswer> => send({ query: { task_id: taskId } });
const info = (...ids: string[]): Promise<WireAnswer> => send({ path: `/v1.0/${vod.projectId}/asset/info`, query: { asset_id: ids } });

async function taskOf(body: object): Promise<string> {
  const { status, json } = await post(body);
  expect(status).toBe(202);
  return json?.task_id ?? "";
}

/** A request that is not refused and counts against no limit: it clears the count of failures. */
async function expectAccepted(): Promise<void> {
  expect((await info(assetId)).status).toBe(200);
}

function expectError(answer: WireAnswer, status: number, code: string): void {
  expect([answer.status, answer.json?.error_code]).toEqual([status, code]);
  expect(answer.json?.error_msg).toMatch(/\S/);
}

describe("the vendor's own signer is believed", () => {
  it("for a prefetch by asset id", async () => {
    const { status, json, headers } = await post({ asset_id: assetId });
    expect(status).toBe(202);
    expect(json?.task_id).toMatch(/^[0-9a-f]{32}$/);
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(headers.date).toBe(new Date(clock.now()).toUTCString());
  });

  it("for a prefetch by URLs, characters beyond ASCII included", async () => {
    expect((await post({ urls: [url(1), url("片名 1")].map(encodeURI) })).status).toBe(202);
    expect((await post({ urls: ["https://example.com/片名.mp4"] })).status).toBe(202);
  });

  it("for a query", async () => {
    const taskId = await taskOf({ urls: [url(1)] });
    const { status, json } = await query(taskId);
    expect(status).toBe(200);
    expect(json).toEqual({ preheating_results: [{ url: url(1), status: "processing" }] });
  });

  it("for the look-up of assets, with a repeated parameter", async () => {
    const { status, json } = await info(assetId, unpublishedId, "unheard-of");
    expect(status).toBe(200);
    expect(json?.asset_info_array).toMatchObject([
      {
        asset_id: assetId,
        status: "PUBLISHED",
        base_info: { video_url: assetUrls[0] },
        play_info_array: assetUrls.slice(1).map((play) => ({ url: play })),
      },
      { asset_id: unpublishedId, status: "CREATED" },
      { asset_id: "unheard-of", status: "NO_ASSET" },
    ]);
  });

  it("for the look-up of what is named like a member of every object, which is no asset", async () => {
    const { json } = await info("constructor", "__proto__");
    expect(json?.asset_info_array).toEqual([
      { asset_id: "constructor", status: "NO_ASSET" },
      { asset_id: "__proto__", status: "NO_ASSET" },
    ]);
  });

  it("with the project id as a signed header, as the SDK sends it", async () => {
    expect((await send({ body: { asset_id: assetId }, headers: { "X-Project-Id": vod.projectId } })).status).toBe(202);
  });

  it.each([-15 * MINUTE, 15 * MINUTE])("with a date that is %d ms off", async (off) => {
    expect((await send({ body: { asset_id: assetId }, date: sdkDate(clock.now() + off) })).status).toBe(202);
  });
});

describe("a tampered request is refused", () => {
  const genuine = () => signed({ body: { asset_id: assetId }, headers: { "X-Project-Id": vod.projectId } });
  const withHeader = (request: WireRequest, name: string, value: string): WireRequest => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  });
  const withAuthorization = (request: WireRequest, change: (value: string) => string): WireRequest =>
    withHeader(request, "Authorization", change(request.headers.Authorization ?? ""));

  it("in any of its parts", async () => {
    const request = genuine();
    const tampered: Readonly<Record<string, WireRequest>> = {
      body: { ...request, body: JSON.stringify({ asset_id: unpublishedId }) },
      "no body": { ...request, body: "" },
      query: { ...request, url: `${request.url}?task_id=1` },
      path: { ...request, url: request.url.replace(/preheating$/, "info") },
      project: { ...request, url: request.url.replace(vod.projectId, "another") },
      method: { method: "GET", url: request.url, headers: request.headers },
      "signed header": withHeader(request, "X-Project-Id", "another"),
      "content type": withHeader(request, "content-type", "text/plain"),
      date: withHeader(request, "X-Sdk-Date", sdkDate(clock.now() + SECOND)),
      "access key": withAuthorization(request, (value) => value.replace(vod.user.ak, "ANOTHERAK00000000000")),
      "names of signed headers": withAuthorization(request, (value) => value.replace("content-type;", "")),
      scheme: withAuthorization(request, (value) => value.replace("SDK-HMAC-SHA256", "SDK-HMAC-SHA512")),
      "truncated signature": withAuthorization(request, (value) => value.slice(0, -1)),
      "no signature": withAuthorization(request, (value) => value.replace(/, Signature=.*/, "")),
      "empty authorization": withAuthorization(request, () => ""),
    };
    for (const [what, wrong] of Object.entries(tampered)) {
      const { status, json } = await exchange(wrong);
      expect([what, status, json?.error_code]).toEqual([what, 401, "APIGW.0301"]);
      expect(json?.error_msg).not.toContain("reach the limit");
      await expectAccepted();
    }
    expect(vod.spentToday).toBe(0);
    // The original itself is still good: nothing but the change was refused.
    expect((await exchange(request)).status).toBe(202);
  });

  it("when its query is not the one that was signed", async () => {
    const mine = await taskOf({ urls: [url(1)] });
    const other = await taskOf({ urls: [url(2)] });
    const request = signed({ query: { task_id: mine } });
    expectError(await exchange({ ...request, url: request.url.replace(mine, other) }), 401, "APIGW.0301");
  });

  it.each([
    ["ak", "ak not exist"],
    ["sk", "verify aksk signature fail"],
  ] as const)("when it is signed with a wrong %s", async (part, words) => {
    const answer = await send({ body: { asset_id: assetId }, keys: { ...vod.user, [part]: "wrong-key" } });
    expectError(answer, 401, "APIGW.0301");
    expect(answer.json?.error_msg).toContain(words);
  });

  it.each([-1, 1])("when its date is more than 15 minutes off (%d)", async (direction) => {
    const date = sdkDate(clock.now() + direction * (15 * MINUTE + SECOND));
    expectError(await send({ body: { asset_id: assetId }, date }), 401, "APIGW.0303");
  });

  it("when a genuine request is sent again 15 minutes later", async () => {
    const request = genuine();
    expect((await exchange(request)).status).toBe(202);
    clock.advance(15 * MINUTE + SECOND);
    expectError(await exchange(request), 401, "APIGW.0303");
  });

  it.each([["x-sdk-date"], ["host"]])("when %s is not among the signed headers, although the signature fits", async (missing) => {
    // The official signer always signs both, so this one signature is ours.
    const target = new URL(`${vod.endpoint}/v1.0/${vod.projectId}/asset/info?asset_id=${assetId}`);
    const all: Record<string, string> = { host: target.host, "x-sdk-date": sdkDate(clock.now()) };
    const headers = Object.fromEntries(Object.entries(all).filter(([name]) => name !== missing));
    const header = authorization({ method: "GET", url: target, headers, body: "" }, vod.user);
    expectError(await exchange({ method: "GET", url: target.href, headers: { ...all, authorization: header } }), 401, "APIGW.0301");
  });

  it("by one character anywhere in its signature or its body", async () => {
    const hex = fc.constantFrom(..."0123456789abcdefABCDEFxyz");
    const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    const place = fc.nat({ max: 63 });
    const change = fc.oneof(
      fc.record({ part: fc.constant("signature" as const), place, character: hex }),
      fc.record({ part: fc.constant("body" as const), place, character: printable }),
    );
    const replaced = (text: string, at: number, character: string) => text.slice(0, at) + character + text.slice(at + 1);
    await fc.assert(
      fc.asyncProperty(change, async ({ part, place, character }) => {
        const request = genuine();
        const { body = "" } = request;
        const header = request.headers.Authorization ?? "";
        const at = part === "body" ? place % body.length : header.length - 64 + place;
        const text = part === "body" ? body : header;
        fc.pre(text[at] !== character);
        const wrong = replaced(text, at, character);
        const answer = await exchange(part === "body" ? { ...request, body: wrong } : withAuthorization(request, () => wrong));
        expectError(answer, 401, "APIGW.0301");
        expect(answer.json?.error_msg).not.toContain("reach the limit");
        await expectAccepted();
      }),
      { numRuns: 150 },
    );
    expect(vod.spentToday).toBe(0);
  });
});

describe("temporary keys", () => {
  const securityToken = "sandbox-security-token==";

  beforeEach(() => restart({ user: { securityToken } }));

  it("work together with their token", async () => {
    expect((await send({ body: { asset_id: assetId }, headers: { "X-Security-Token": securityToken } })).status).toBe(202);
  });

  it("are nothing without it", async () => {
    expectError(await post({ asset_id: assetId }), 401, "APIGW.0301");
  });

  it("are nothing with another one, signed as it may be", async () => {
    expectError(await send({ body: { asset_id: assetId }, headers: { "X-Security-Token": "another" } }), 401, "APIGW.0301");
  });

  it("need it to be signed", async () => {
    const request = signed({ body: { asset_id: assetId } });
    expectError(await exchange({ ...request, headers: { ...request.headers, "X-Security-Token": securityToken } }), 401, "APIGW.0301");
  });
});

describe("the lock-out", () => {
  const fail = () => send({ query: { task_id: "any" }, keys: { ...vod.user, sk: "wrong" } });
  const failTimes = async (times: number) => {
    for (let done = 0; done < times; done += 1) expectError(await fail(), 401, "APIGW.0301");
  };

  it("refuses correct signatures too for five minutes after more than five failures in a row", async () => {
    await failTimes(6);
    const locked = await info(assetId);
    expectError(locked, 401, "APIGW.0301");
    expect(locked.json?.error_msg).toContain("reach the limit");
    clock.advance(5 * MINUTE - SECOND);
    expectError(await info(assetId), 401, "APIGW.0301");
    clock.advance(SECOND);
    await expectAccepted();
  });

  it("does not come after five", async () => {
    await failTimes(5);
    await expectAccepted();
  });

  it("forgets failures at a success", async () => {
    await failTimes(5);
    await expectAccepted();
    await failTimes(5);
    await expectAccepted();
  });
});

describe("tokens", () => {
  const loginBody = (password = vod.user.password, projectId = vod.projectId) => ({
    auth: {
      identity: { methods: ["password"], password: { user: { name: vod.user.user, password, domain: { name: vod.user.domain } } } },
      scope: { project: { id: projectId } },
    },
  });
  const login = (body: object = loginBody()) =>
    exchange({
      method: "POST",
      url: `${vod.endpoint}/v3/auth/tokens?nocatalog=true`,
      headers: { "content-type": "application/json;charset=utf8" },
      body: JSON.stringify(body),
    });
  const ask = (token: string) =>
    exchange({
      method: "GET",
      url: `${vod.endpoint}/v1.0/${vod.projectId}/asset/info?asset_id=${assetId}`,
      headers: { "x-auth-token": token },
    });

  it("come from a login, with the time at which they run out", async () => {
    const { status, headers, json } = await login();
    expect(status).toBe(201);
    expect(json?.token?.expires_at).toBe(new Date(clock.now() + 24 * HOUR).toISOString());
    expect(vod.logins).toBe(1);
    expect((await ask(String(headers["x-subject-token"]))).status).toBe(200);
  });

  it("run out", async () => {
    const token = vod.issueToken();
    clock.advance(24 * HOUR - SECOND);
    expect((await ask(token)).status).toBe(200);
    clock.advance(SECOND);
    expectError(await ask(token), 401, "APIGW.0307");
  });

  it("are not replaced by newer ones, but all end when they are revoked", async () => {
    const tokens = [vod.issueToken(), vod.issueToken()];
    for (const token of tokens) expect((await ask(token)).status).toBe(200);
    vod.revokeTokens();
    for (const token of tokens) expectError(await ask(token), 401, "APIGW.0301");
  });

  it.each(["", "made-up"])("must have been issued, unlike %j", async (token) => {
    expectError(await ask(token), 401, "APIGW.0301");
  });

  it("are required where there is no signature", async () => {
    expectError(await exchange({ method: "GET", url: signed().url, headers: {} }), 401, "APIGW.0301");
  });

  it.each([
    ["a wrong password", () => loginBody("wrong")],
    ["another project", () => loginBody(undefined, "another")],
    ["an empty body", () => ({})],
  ])("are not given for %s; the error has IAM's own shape", async (_, body) => {
    const { status, json, headers } = await login(body());
    expect(status).toBe(401);
    expect(json).toEqual({ error: { code: 401, message: expect.any(String), title: "Unauthorized" } });
    expect(headers["x-subject-token"]).toBeUndefined();
    expect(vod.logins).toBe(1);
  });
});

describe("tasks", () => {
  const states = async (taskId: string) => (await query(taskId)).json?.preheating_results?.map((row) => row.status);

  it("finish one URL after another", async () => {
    await restart({ firstMs: 10 * SECOND, eachMs: 5 * SECOND });
    const taskId = await taskOf({ urls: [url(1), "https://example.com/fail-2.mp4", url(3)] });
    expect(await states(taskId)).toEqual(["processing", "processing", "processing"]);
    clock.advance(10 * SECOND - 1);
    expect(await states(taskId)).toEqual(["processing", "processing", "processing"]);
    clock.advance(1);
    expect(await states(taskId)).toEqual(["succeed", "processing", "processing"]);
    clock.advance(5 * SECOND);
    expect(await states(taskId)).toEqual(["succeed", "failed", "processing"]);
    clock.advance(5 * SECOND);
    expect(await states(taskId)).toEqual(["succeed", "failed", "succeed"]);
  });

  it("of an asset cover its URLs", async () => {
    const taskId = await taskOf({ asset_id: assetId });
    const { json } = await query(taskId);
    expect(json?.preheating_results?.map((row) => row.url)).toEqual(assetUrls);
  });

  it.each([200, 202] as const)("are told of with HTTP %d where the edition does so", async (queryStatus) => {
    await restart({ queryStatus });
    expect((await query(await taskOf({ urls: [url(1)] }))).status).toBe(queryStatus);
  });

  it("spell their states in capitals where the SDKs do so", async () => {
    await restart({ stateCase: "upper", firstMs: 0, eachMs: SECOND });
    expect(await states(await taskOf({ urls: [url(1), url(2)] }))).toEqual(["SUCCEED", "PROCESSING"]);
  });

  it("do not exist in the first edition, which takes asset ids and answers with nothing", async () => {
    await restart({ edition: "id-only" });
    const { status, text } = await post({ asset_id: assetId });
    expect([status, text]).toEqual([202, ""]);
    expect(vod.spentToday).toBe(assetUrls.length);
    expectError(await post({ urls: [url(1)] }), 400, "VOD.10053");
  });

  it("that are unknown make the parameter illegal", async () => {
    expectError(await query("5199337c31c8e4622f1590735b13a263"), 400, "VOD.10053");
    expectError(await send(), 400, "VOD.10053");
  });
});

describe("refusals", () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => url(index));

  it("takes 10 URLs a call and no more", async () => {
    expect((await post({ urls: many(10) })).status).toBe(202);
    expectError(await post({ urls: many(11) }), 403, "VOD.10109");
    expect(vod.spentToday).toBe(10);
  });

  it("takes 1,000 units a day, up to midnight in China", async () => {
    // 00:00:30 in Beijing, so that the whole test happens on one day.
    clock = handClock(Date.parse("2026-11-21T16:00:30Z"));
    await restart({});
    for (let call = 0; call < 99; call += 1) {
      if (call === 60) clock.advance(MINUTE);
      expect((await post({ urls: many(10) })).status).toBe(202);
    }
    expect((await post({ urls: many(8) })).status).toBe(202);
    clock.advance(MINUTE);
    expect(vod.spentToday).toBe(998);

    // Two units are left, and a call that does not fit is refused whole.
    const refusal = await post({ asset_id: assetId });
    expectError(refusal, 403, "VOD.10086");
    expect(refusal.json?.error_msg).toContain("1000");
    expect(vod.spentToday).toBe(998);
    expect((await post({ urls: many(2) })).status).toBe(202);
    expectError(await post({ urls: many(1) }), 403, "VOD.10086");

    clock.advance(Date.parse("2026-11-22T15:59:59Z") - clock.now());
    expectError(await post({ urls: many(1) }), 403, "VOD.10086");
    clock.advance(SECOND);
    expect(vod.spentToday).toBe(0);
    expect((await post({ urls: many(1) })).status).toBe(202);
    expect(vod.spentToday).toBe(1);
  });

  it("takes 100 calls a minute, prefetches and queries together; look-ups of assets are not counted", async () => {
    const taskId = await taskOf({ urls: [url(1)] });
    for (let call = 1; call < 50; call += 1) expect((await query(taskId)).status).toBe(200);
    clock.advance(30 * SECOND);
    for (let call = 0; call < 50; call += 1) expect((await query(taskId)).status).toBe(200);

    const refusal = await post({ urls: [url(2)] });
    expectError(refusal, 429, "APIGW.0308");
    expect(refusal.json?.error_msg).toContain("limit:100,time:1 minute");
    expectError(await query(taskId), 429, "APIGW.0308");
    expect((await info(assetId)).status).toBe(200);
    expect(vod.spentToday).toBe(1);

    // The minute slides: the first fifty calls leave it, the others do not.
    clock.advance(30 * SECOND);
    for (let call = 0; call < 50; call += 1) expect((await query(taskId)).status).toBe(200);
    expectError(await query(taskId), 429, "APIGW.0308");
  });

  const cases: readonly (readonly [string, object, number, string])[] = [
    ["an asset that is not published", { asset_id: unpublishedId }, 403, "VOD.10060"],
    ["an unknown asset", { asset_id: "ffffffffffffffffffffffffffffffff" }, 403, "VOD.10062"],
    ["an asset named like a member of every object", { asset_id: "constructor" }, 403, "VOD.10062"],
    ["a URL of a foreign domain", { urls: [url(1), "https://foreign.example.org/a.mp4"] }, 403, "VOD.10089"],
    ["neither asset id nor URLs", {}, 400, "VOD.10053"],
    ["both of them", { asset_id: assetId, urls: [url(1)] }, 400, "VOD.10053"],
    ["no URLs", { urls: [] }, 400, "VOD.10053"],
    ["what is no URL", { urls: ["example.com/a.mp4"] }, 400, "VOD.10053"],
    ["a URL with a leading blank", { urls: [` ${url(1)}`] }, 400, "VOD.10053"],
    ["a URL that no parser takes", { urls: ["https://[/a.mp4"] }, 400, "VOD.10053"],
    ["an asset id of the wrong type", { asset_id: [assetId] }, 400, "VOD.10053"],
    ["URLs of the wrong type", { urls: url(1) }, 400, "VOD.10053"],
    ["a list", [assetId], 400, "VOD.10053"],
  ];

  it.each(cases)("refuses %s", async (_, body, status, code) => {
    expectError(await post(body), status, code);
    expect(vod.spentToday).toBe(0);
  });

  it("refuses a body that is not JSON, signed as it may be", async () => {
    const target = new URL(signed().url);
    const headers = { "content-type": "application/json", host: target.host, "x-sdk-date": sdkDate(clock.now()) };
    const header = authorization({ method: "POST", url: target, headers, body: "{" }, vod.user);
    const answer = await exchange({ method: "POST", url: target.href, headers: { ...headers, authorization: header }, body: "{" });
    expectError(answer, 400, "VOD.10053");
  });

  it("refuses another project", async () => {
    const path = `/v1.0/${"0".repeat(32)}/asset/preheating`;
    expectError(await send({ path, body: { asset_id: assetId } }), 403, "VOD.10057");
  });

  it.each(["/", "/v1/anything", "/v2/5a4dbe1d0c2b4f0e9f5d7c6b8a901234/asset/preheating"])("does not know %s", async (path) => {
    expectError(await send({ path }), 404, "APIGW.0101");
  });

  it.each(["GET // HTTP/1.1\r\nHost: 127.0.0.1", "GET / HTTP/1.1\r\nHost: ["])("survives what makes no URL: %j", async (head) => {
    const { hostname, port } = new URL(vod.endpoint);
    const socket = connect(Number(port), hostname);
    let silent = false;
    socket.setTimeout(2_000, () => {
      silent = true;
      socket.destroy();
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    // Whether it answers or hangs up, even by a reset, is all the same; it must do one of them and go on.
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(`${head}\r\nConnection: close\r\n\r\n`);
    await closed;
    expect(silent).toBe(false);
    await expectAccepted();
  });

  it("knows the domains and assets that it is told of", async () => {
    const asset = { status: "PUBLISHED", urls: ["https://cdn.example.net/x.mp4"] };
    await restart({ domains: ["cdn.example.net"], assets: { mine: asset }, dailyLimit: 2, callsPerMinute: 4 });
    expect((await post({ asset_id: "mine" })).status).toBe(202);
    expectError(await post({ urls: [url(1)] }), 403, "VOD.10089");
    expectError(await post({ asset_id: assetId }), 403, "VOD.10062");
    expectError(await post({ urls: ["https://cdn.example.net/1", "https://cdn.example.net/2"] }), 403, "VOD.10086");
    expectError(await query("any"), 429, "APIGW.0308");
  });
});

describe("faults", () => {
  const inject = (rule: FaultRule) => vod.inject(rule);

  it("answer: nothing is carried out, the answer is as told", async () => {
    inject({ fault: { kind: "answer", status: 503, body: "busy", headers: { "retry-after": "7" } } });
    const { status, text, headers } = await post({ urls: [url(1)] });
    expect([status, text, headers["retry-after"]]).toEqual([503, "busy", "7"]);
    expect([vod.spentToday, vod.log.length]).toEqual([0, 0]);
  });

  it("delay: the answer comes late", async () => {
    inject({ fault: { kind: "delay", ms: 100 } });
    const start = performance.now();
    expect((await post({ urls: [url(1)] })).status).toBe(202);
    // Timers may fire a moment early.
    expect(performance.now() - start).toBeGreaterThan(90);
  });

  it("reset before: the connection breaks and nothing is carried out", async () => {
    inject({ fault: { kind: "reset", when: "before" } });
    await expect(post({ urls: [url(1)] })).rejects.toThrow();
    expect([vod.spentToday, vod.log.length]).toEqual([0, 0]);
  });

  it("reset after: the connection breaks although it is carried out", async () => {
    inject({ fault: { kind: "reset", when: "after" } });
    await expect(post({ urls: [url(1)] })).rejects.toThrow();
    expect(vod.spentToday).toBe(1);
    expect(vod.log).toMatchObject([{ method: "POST", status: 202, accepted: [url(1)] }]);
  });

  it("truncate: it is carried out, its answer ends in the middle", async () => {
    inject({ fault: { kind: "truncate" } });
    await expect(post({ urls: [url(1)] })).rejects.toThrow();
    expect(vod.spentToday).toBe(1);
  });

  it("huge: it is carried out, its answer is long", async () => {
    inject({ fault: { kind: "huge", bytes: 2_000_000 } });
    const { status, text, json } = await post({ urls: [url(1)] });
    expect([status, json?.task_id]).toEqual([202, expect.any(String)]);
    expect(text.length).toBeGreaterThan(2_000_000);
    expect(vod.spentToday).toBe(1);
  });

  it("garble: it is carried out, its answer is another text", async () => {
    inject({ fault: { kind: "garble", body: "<html>" } });
    const { status, text } = await post({ urls: [url(1)] });
    expect([status, text]).toEqual([202, "<html>"]);
    expect(vod.spentToday).toBe(1);
  });

  it("happen once, or as often as told, after those that are to pass, to the method that is named", async () => {
    const busy = { kind: "answer", status: 503, body: "" } as const;
    inject({ fault: busy });
    expect((await info(assetId)).status).toBe(503);
    expect((await info(assetId)).status).toBe(200);

    inject({ fault: busy, times: 2, after: 3 });
    const statuses: number[] = [];
    for (let call = 0; call < 6; call += 1) statuses.push((await info(assetId)).status);
    expect(statuses).toEqual([200, 200, 200, 503, 503, 200]);

    inject({ fault: busy, method: "POST" });
    expect((await info(assetId)).status).toBe(200);
    expect((await post({ urls: [url(1)] })).status).toBe(503);
    expect((await post({ urls: [url(1)] })).status).toBe(202);

    inject({ fault: busy, times: 9 });
    vod.clearFaults();
    expect((await info(assetId)).status).toBe(200);
  });
});

describe("the log", () => {
  it("says of every request when it came, what it was, and what came of it", async () => {
    const preheating = `/v1.0/${vod.projectId}/asset/preheating`;
    const start = clock.now();
    const taskId = await taskOf({ urls: [url(1), url(2)] });
    clock.advance(SECOND);
    await query(taskId);
    await post({ asset_id: assetId });
    await post({ asset_id: unpublishedId });
    await send({ keys: { ...vod.user, sk: "wrong" } });
    await info(assetId);
    expect(vod.log).toEqual([
      { at: start, method: "POST", path: preheating, status: 202, accepted: [url(1), url(2)] },
      { at: start + SECOND, method: "GET", path: preheating, status: 200, accepted: [] },
      { at: start + SECOND, method: "POST", path: preheating, status: 202, accepted: [assetId] },
      { at: start + SECOND, method: "POST", path: preheating, status: 403, accepted: [] },
      { at: start + SECOND, method: "GET", path: preheating, status: 401, accepted: [] },
      { at: start + SECOND, method: "GET", path: `/v1.0/${vod.projectId}/asset/info`, status: 200, accepted: [] },
    ]);
  });
});
