/**
 * The emulator proven by what nobody here wrote: the vendor's own client drives every call, whatever was tampered with is
 * refused, and limits and errors are those that the vendor documents.
 */

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authorization } from "../../../src/providers/alibaba/sign.ts";
import type { DomainState } from "../../../src/sandbox/alibaba/domains.ts";
import { type AlibabaVodEmulator, type AlibabaVodEmulatorOptions, sampleMedia, startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import type { FaultRule } from "../../../src/sandbox/server/faults.ts";
import {
  type ClientAnswer,
  type ClientCall,
  call,
  exchange,
  type Parameters,
  type SignedRequest,
  signedRequest,
  type WireAnswer,
  type WireRequest,
} from "../../providers/alibaba/official-harness.ts";
import { type HandClock, HOUR, handClock, MINUTE, SECOND } from "../../providers/clock-harness.ts";

const DAY = 24 * HOUR;
const assetId = "93ab850b4f6f44eab54b6e91d24d81d4";
const uploadingId = "0000000000000000000000000000feed";
const [sd, hd] = sampleMedia[assetId]?.plays ?? [];
const url = (name: number | string, host = "vod.example.net") => `https://${host}/${name}.mp4`;
const many = (count: number, host?: string) => Array.from({ length: count }, (_, index) => url(index, host));

let clock: HandClock;
let vod: AlibabaVodEmulator;

beforeEach(async () => {
  clock = handClock();
  vod = await startAlibabaVod({ now: clock.now });
});

afterEach(async () => {
  await vod.close();
});

async function restart(options: AlibabaVodEmulatorOptions): Promise<void> {
  await vod.close();
  vod = await startAlibabaVod({ now: clock.now, ...options });
}

const ask = (action: string, params: Parameters = {}, more: Partial<ClientCall> = {}): Promise<ClientAnswer> =>
  call({ endpoint: vod.endpoint, keys: vod.user, now: clock.now(), action, params, ...more });
const preload = (urls: readonly string[], more: Parameters = {}) => ask("PreloadVodObjectCaches", { ObjectPath: urls.join("\n"), ...more });
const list = (params: Parameters) => ask("DescribeVodRefreshTasks", params);

async function idsOf(urls: readonly string[]): Promise<string[]> {
  const { status, body } = await preload(urls);
  expect([status, body.Code]).toEqual([200, undefined]);
  return (body.PreloadTaskId ?? "").split(",");
}

async function rowsOf(params: Parameters) {
  const { body } = await list(params);
  return body.Tasks?.Task ?? [];
}

const signed = (more: Partial<SignedRequest> = {}): WireRequest =>
  signedRequest({
    endpoint: vod.endpoint,
    keys: vod.user,
    now: clock.now(),
    action: "PreloadVodObjectCaches",
    query: { ObjectPath: url(1), Area: "overseas" },
    ...more,
  });

/** Status and code, with what every error of the vendor's has. */
function expectError(answer: ClientAnswer | WireAnswer, status: number, code: string): void {
  const { RequestId, HostId, Code, Message, Recommend } = answer.body;
  expect([answer.status, Code]).toEqual([status, code]);
  expect(Message).toMatch(/\S/);
  expect(RequestId).toMatch(/^[0-9A-F-]{36}$/);
  expect(HostId).toBe(new URL(vod.endpoint).host);
  expect(Recommend).toContain(code);
}

describe("the vendor's own client", () => {
  it("preloads, by query and by form, with every option and beyond ASCII", async () => {
    const params = {
      ObjectPath: [url("it's (1)*!~"), url("片名"), url("%E7%89%87?x=1&y=2")].map((text) => text.replace(" ", "%20")).join("\r\n"),
      Area: "overseas",
      L2Preload: "true",
      WithHeader: '{"Accept-Encoding":["gzip, deflate, br"]}',
    };
    for (const form of [false, true]) {
      const { status, body } = await ask("PreloadVodObjectCaches", params, { form });
      expect(status).toBe(200);
      expect(body.PreloadTaskId).toMatch(/^\d+$/);
      expect(body.RequestId).toMatch(/^[0-9A-F-]{36}$/);
    }
    expect(vod.log.map((entry) => entry.accepted)).toEqual([params.ObjectPath.split("\r\n"), params.ObjectPath.split("\r\n")]);
  });

  it("lists tasks", async () => {
    const [id = ""] = await idsOf([url(1)]);
    const { status, body } = await list({ TaskId: id });
    expect(status).toBe(200);
    expect(body).toMatchObject({ PageNumber: 1, PageSize: 20, TotalCount: 1 });
    expect(body.Tasks?.Task).toEqual([
      {
        TaskId: id,
        ObjectPath: url(1),
        ObjectType: "preload",
        Status: "Pending",
        Process: "0%",
        CreationTime: "2026-11-21T12:00:00Z",
        Description: "",
      },
    ]);
  });

  it("asks for the quota", async () => {
    await idsOf(many(3));
    const { status, body } = await ask("DescribeVodRefreshQuota");
    expect(status).toBe(200);
    expect(body).toMatchObject({ PreloadQuota: "500", PreloadRemain: "497", UrlRemain: "2000", blockRemain: "300" });
  });

  it.each(["GET", "POST"] as const)("preloads assets, and asks after it by %s", async (method) => {
    const { status, body } = await ask("RefreshMediaPlayUrls", { MediaIds: assetId, TaskType: "Preload", UserData: '{"a":1}' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ NonExistMediaIds: "", ForbiddenMediaIds: "" });
    const id = body.MediaRefreshJobId ?? "";
    const job = await ask("GetMediaRefreshJobs", { MediaRefreshJobId: id }, { method });
    expect(job.status).toBe(200);
    expect(job.body.MediaRefreshJobs).toEqual([
      expect.objectContaining({
        MediaRefreshJobId: id,
        MediaId: assetId,
        TaskType: "Preload",
        Status: "success",
        SuccessPlayUrls: `${sd?.url},${hd?.url}`,
        TaskIds: expect.stringMatching(/^\d+,\d+$/),
        UserData: '{"a":1}',
        GmtCreate: "2026-11-21 12:00:00",
        GmtModified: "2026-11-21 12:00:00",
      }),
    ]);
  });

  it("looks up an asset", async () => {
    const { status, body } = await ask("GetPlayInfo", { VideoId: assetId });
    expect(status).toBe(200);
    expect(body.VideoBase).toMatchObject({ VideoId: assetId, Status: "Normal" });
    expect(body.PlayInfoList?.PlayInfo).toEqual([
      { PlayURL: sd?.url, Format: "mp4", Definition: "SD", StreamType: "video", Status: "Normal", Size: "1048576", Encrypt: 0 },
      { PlayURL: hd?.url, Format: "m3u8", Definition: "HD", StreamType: "video", Status: "Normal", Size: "1048576", Encrypt: 0 },
    ]);
  });

  it("works with temporary keys", async () => {
    await restart({ user: { securityToken: "sts-token+/==" } });
    expect((await preload([url(1)])).status).toBe(200);
  });

  it("takes its longest query, and 1,000 URLs in a form", async () => {
    await restart({ dailyLimit: 10_000 });
    const long = many(100).map((text) => `${text}?${"x".repeat(1_000)}`);
    expect((await preload(long)).status).toBe(200);
    expect((await ask("PreloadVodObjectCaches", { ObjectPath: many(1_000).join("\n") }, { form: true })).status).toBe(200);
  });

  it("sees refusals as the classes of errors that they are", async () => {
    expect((await preload([url(1, "foreign.example.org")])).error).toBe("ClientError");
    await restart({ callsPerSecond: 1, retryAfterMs: 2_000, domainStates: { "vod.example.net": "failed" } });
    expect((await preload([url(1)])).error).toBe("ServerError");
    expect(await preload([url(1)])).toMatchObject({ error: "ThrottlingError", retryAfter: 2_000 });
  });

  it.each([-15 * MINUTE, 15 * MINUTE])("may have a clock that is %d ms off", async (off) => {
    expect((await ask("DescribeVodRefreshQuota", {}, { now: clock.now() + off })).status).toBe(200);
  });
});

describe("the gate", () => {
  const withHeader = (request: WireRequest, name: string, value: string): WireRequest => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  });
  const without = (request: WireRequest, name: string): WireRequest => ({
    ...request,
    headers: Object.fromEntries(Object.entries(request.headers).filter(([header]) => header !== name)),
  });
  const withAuthorization = (request: WireRequest, change: (value: string) => string): WireRequest =>
    withHeader(request, "authorization", change(request.headers.authorization ?? ""));

  it("lets the officially signed request pass, form and all, and says when and as what it was answered", async () => {
    const { status, headers, body } = await exchange(signed());
    expect(status).toBe(200);
    expect(headers.date).toBe(new Date(clock.now()).toUTCString());
    expect(headers["x-acs-request-id"]).toBe(body.RequestId);
    const form = { body: `ObjectPath=${encodeURIComponent(url(2))}`, headers: { "content-type": "application/x-www-form-urlencoded" } };
    expect((await exchange(signed({ query: {}, ...form }))).status).toBe(200);
    expect(vod.rows.map((row) => row.url)).toEqual([url(1), url(2)]);
  });

  const mismatches: readonly (readonly [string, (request: WireRequest) => WireRequest])[] = [
    ["query", (request) => ({ ...request, url: request.url.replace("overseas", "domestic") })],
    ["a parameter more", (request) => ({ ...request, url: `${request.url}&L2Preload=true` })],
    ["path", (request) => ({ ...request, url: request.url.replace("/?", "/more?") })],
    ["method", (request) => ({ ...request, method: "GET" })],
    ["action", (request) => withHeader(request, "x-acs-action", "GetPlayInfo")],
    ["version", (request) => withHeader(request, "x-acs-version", "2016-01-01")],
    ["date", (request) => withHeader(request, "x-acs-date", "2026-11-21T12:00:01Z")],
    ["nonce", (request) => withHeader(request, "x-acs-signature-nonce", "another")],
    ["hash of the body", (request) => withHeader(request, "x-acs-content-sha256", "0".repeat(64))],
    ["body", (request) => ({ ...request, body: "ObjectPath=other" })],
    [
      "names of signed headers",
      (request) => withAuthorization(request, (value) => value.replace("host;x-acs-action", "x-acs-action;host")),
    ],
    ["signature", (request) => withAuthorization(request, (value) => value.replace(/.{64}$/, "0".repeat(64)))],
  ];

  it.each(mismatches)("refuses another %s than was signed", async (_, tamper) => {
    const request = signed();
    expectError(await exchange(tamper(request)), 400, "SignatureDoesNotMatch");
    expect(vod.spentToday).toBe(0);
    // Nothing but the change was refused, and the refusal has not used up the nonce.
    expect((await exchange(request)).status).toBe(200);
  });

  it("refuses a hash that does not belong to the body, signed as it may be", async () => {
    const headers = { "x-acs-content-sha256": "0".repeat(64) };
    expectError(await exchange(signed({ headers })), 400, "SignatureDoesNotMatch");
  });

  it("echoes what it compared, keys and token included, as the vendor does", async () => {
    await restart({ user: { securityToken: "sts-token+/==" } });
    const answer = await exchange(signed({ keys: { ...vod.user, accessKeySecret: "wrong" } }));
    expectError(answer, 400, "SignatureDoesNotMatch");
    expect(answer.body.Message).toMatch(/server string to sign is:ACS3-HMAC-SHA256\n[0-9a-f]{64}/);
    expect(answer.body.Message).toContain("x-acs-security-token:sts-token+/==");
    expect(answer.body.Message).toContain(vod.user.accessKeyId);
    expect(answer.text).not.toContain(vod.user.accessKeySecret);
  });

  it.each(["x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"])("asks for %s", async (name) => {
    expectError(await exchange(signed({ headers: { [name]: undefined } })), 400, "MissingParameter");
  });

  it.each(["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"])(
    "asks for %s to be signed",
    async (name) => {
      // The official signer signs whatever is there, so this one signature is ours.
      const { url: target, headers } = signed();
      const { authorization: _, ...all } = headers;
      const some = Object.fromEntries(Object.entries(all).filter(([header]) => header !== name));
      const input = { method: "POST", query: new URL(target).searchParams, headers: some, body: "" };
      const header = authorization(input, { id: vod.user.accessKeyId, secret: vod.user.accessKeySecret });
      const answer = await exchange({ method: "POST", url: target, headers: { ...all, authorization: header } });
      expectError(answer, 400, "IncompleteSignature");
      expect(answer.body.Message).toContain(name);
    },
  );

  it("asks for headers that are named as signed to be there, and for further ones of its own to be signed", async () => {
    expectError(await exchange(without(signed({ headers: { "x-acs-more": "1" } }), "x-acs-more")), 400, "IncompleteSignature");
    expectError(await exchange(withHeader(signed(), "x-acs-more", "1")), 400, "IncompleteSignature");
    expect((await exchange(signed({ headers: { "x-acs-more": "1" } }))).status).toBe(200);
  });

  it.each(["", "ACS3-HMAC-SHA256", "ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=0", "Bearer token"])(
    "takes no authorization %j",
    async (header) => {
      expectError(await exchange(withHeader(signed(), "authorization", header)), 400, "IncompleteSignature");
      expectError(await exchange(without(signed(), "authorization")), 400, "IncompleteSignature");
    },
  );

  it("takes no signature with a character changed, wherever that is", async () => {
    const change = fc.record({ place: fc.nat({ max: 63 }), character: fc.constantFrom(..."0123456789abcdefAx") });
    await fc.assert(
      fc.asyncProperty(change, async ({ place, character }) => {
        const request = signed();
        const header = request.headers.authorization ?? "";
        const at = header.length - 64 + place;
        fc.pre(header[at] !== character);
        const { status } = await exchange(withAuthorization(request, () => header.slice(0, at) + character + header.slice(at + 1)));
        expect(status).toBe(400);
      }),
      { numRuns: 50 },
    );
    expect(vod.spentToday).toBe(0);
  });

  it("knows one access key", async () => {
    const keys = { ...vod.user, accessKeyId: "LTAIanother" };
    expectError(await ask("DescribeVodRefreshQuota", {}, { keys }), 404, "InvalidAccessKeyId.NotFound");
  });

  it.each([-1, 1])("refuses a date more than 15 minutes off (%d), and shows its own", async (direction) => {
    const answer = await exchange(signed({ now: clock.now() + direction * (15 * MINUTE + SECOND) }));
    expectError(answer, 400, "IllegalTimestamp");
    expect(answer.headers.date).toBe(new Date(clock.now()).toUTCString());
    expectError(await exchange(signed({ headers: { "x-acs-date": "2026-11-21 12:00" } })), 400, "IllegalTimestamp");
  });

  it("takes a nonce once, for as long as its request's date is good", async () => {
    const request = signed({ now: clock.now() + 15 * MINUTE });
    expect((await exchange(request)).status).toBe(200);
    expectError(await exchange(request), 400, "SignatureNonceUsed");
    clock.advance(30 * MINUTE);
    expectError(await exchange(request), 400, "SignatureNonceUsed");
    clock.advance(SECOND);
    expectError(await exchange(request), 400, "IllegalTimestamp");
    expect(vod.spentToday).toBe(1);
    const nonce = { "x-acs-signature-nonce": request.headers["x-acs-signature-nonce"] };
    expect((await exchange(signed({ headers: nonce }))).status).toBe(200);
  });

  it("knows temporary keys together with their token only", async () => {
    expectError(await exchange(signed({ headers: { "x-acs-security-token": "any" } })), 400, "InvalidSecurityToken.MismatchWithAccessKey");
    await restart({ user: { securityToken: "sts-token+/==" } });
    const answers = (token: string | undefined) => exchange(signed({ headers: { "x-acs-security-token": token } }));
    expectError(await answers(undefined), 404, "InvalidAccessKeyId.NotFound");
    expectError(await answers("another"), 400, "InvalidSecurityToken.Malformed");
    expectError(
      await exchange(withHeader(signed({ headers: { "x-acs-security-token": undefined } }), "x-acs-security-token", "sts-token+/==")),
      400,
      "IncompleteSignature",
    );
    expect((await answers("sts-token+/==")).status).toBe(200);
  });
});

describe("task ids", () => {
  it("are shared by URLs of one host and second, over requests too", async () => {
    const first = await idsOf([url(1), url(2, "media.example.net"), url(3)]);
    expect(new Set(first).size).toBe(2);
    clock.advance(999);
    const [again = ""] = await idsOf([url(4)]);
    expect(again).toBe(first[0]);
    expect((await rowsOf({ TaskId: again })).map((row) => row.ObjectPath)).toEqual([url(1), url(3), url(4)]);
    clock.advance(1);
    expect(first).not.toContain((await idsOf([url(5)]))[0]);
  });

  it("stand for 500 URLs at most", async () => {
    await restart({ dailyLimit: 2_000 });
    expect(await idsOf(many(499))).toHaveLength(1);
    const [, second = ""] = await idsOf(many(502));
    expect((await list({ TaskId: second })).body.TotalCount).toBe(500);
    expect(new Set(vod.rows.map((row) => row.taskId)).size).toBe(3);
  });
});

describe("the task list", () => {
  const states = async (params: Parameters) => (await rowsOf(params)).map((row) => `${row.Status} ${row.Process}`);

  it("shows each URL on its way, and how it ends", async () => {
    await restart({ firstMs: 10 * SECOND, eachMs: 5 * SECOND });
    const [TaskId = ""] = await idsOf([url(1), url("fail-2")]);
    expect(await states({ TaskId })).toEqual(["Pending 0%", "Pending 0%"]);
    clock.advance(5 * SECOND);
    expect(await states({ TaskId })).toEqual(["Refreshing 50%", "Pending 0%"]);
    clock.advance(4_937);
    expect(await states({ TaskId })).toEqual(["Refreshing 99.37%", "Pending 0%"]);
    clock.advance(63);
    expect(await states({ TaskId })).toEqual(["Complete 100%", "Refreshing 50%"]);
    clock.advance(5 * SECOND);
    const [good, bad] = await rowsOf({ TaskId });
    expect([good?.Description, bad?.Status, bad?.Description]).toEqual(["", "Failed", "Origin Return StatusCode 5XX"]);
  });

  it("comes in pages of 20, or as asked up to 50", async () => {
    const [TaskId = ""] = await idsOf(many(120));
    const first = await list({ TaskId });
    expect(first.body).toMatchObject({ PageNumber: 1, PageSize: 20, TotalCount: 120 });
    expect(first.body.Tasks?.Task).toHaveLength(20);
    const found: (string | undefined)[] = [];
    for (const PageNumber of ["1", "2", "3", "4"]) {
      found.push(...(await rowsOf({ TaskId, PageNumber, PageSize: "50" })).map((row) => row.ObjectPath));
    }
    expect(found).toEqual(many(120));
    for (const wrong of [{ PageSize: "51" }, { PageSize: "0" }, { PageSize: "x" }]) {
      expectError(await list({ TaskId, ...wrong }), 400, "InvalidPageSize.Malformed");
    }
    expectError(await list({ TaskId, PageNumber: "0" }), 400, "InvalidPageNumber.Malformed");
  });

  it("is filtered by URL, type, domain, state and time", async () => {
    await restart({ firstMs: SECOND, eachMs: 0 });
    await idsOf([url(1), url("fail-2")]);
    // The list's times are whole seconds, whatever the moment.
    clock.advance(MINUTE + 900);
    await idsOf([url(1, "media.example.net")]);
    clock.advance(2 * SECOND);
    const found = async (params: Parameters) => (await rowsOf(params)).map((row) => row.ObjectPath);
    const all = { ObjectType: "preload" };
    expect(await found({})).toHaveLength(3);
    expect(await found({ ObjectPath: url(1) })).toEqual([url(1)]);
    expect(await found({ ObjectPath: "https://vod.example.net/" })).toEqual([]);
    expect(await found({ ObjectType: "directory" })).toEqual([]);
    expect(await found({ ...all, DomainName: "media.example.net" })).toEqual([url(1, "media.example.net")]);
    expect(await found({ ...all, Status: "Complete" })).toEqual([url(1), url(1, "media.example.net")]);
    expect(await found({ ...all, Status: "Failed" })).toEqual([url("fail-2")]);
    expect(await found({ ...all, StartTime: "2026-11-21T12:00:01Z" })).toEqual([url(1, "media.example.net")]);
    expect(await found({ ...all, StartTime: "2026-11-21T12:00:00Z", EndTime: "2026-11-21T12:00:59Z" })).toHaveLength(2);
    const second = "2026-11-21T12:01:00Z";
    expect(await found({ ...all, StartTime: second, EndTime: second })).toEqual([url(1, "media.example.net")]);
  });

  const wrong: readonly (readonly [string, Parameters, string])[] = [
    ["a malformed id", { TaskId: "x1" }, "InvalidTaskId.Malformed"],
    ["several ids at once", { TaskId: "1,2" }, "InvalidTaskId.Malformed"],
    ["a domain without a type", { DomainName: "vod.example.net" }, "MissingParameter"],
    ["a state without a type", { Status: "Complete" }, "MissingParameter"],
    ["the state Pending", { Status: "Pending", ObjectType: "preload" }, "InvalidStatus.Malformed"],
    ["an unknown type", { ObjectType: "Preloads" }, "InvalidObjectType.Malformed"],
    ["a malformed time", { StartTime: "yesterday" }, "InvalidStartTime.Malformed"],
    ["an end before the start", { StartTime: "2026-11-21T12:00:01Z", EndTime: "2026-11-21T12:00:00Z" }, "InvalidEndTime.Malformed"],
  ];

  it.each(wrong)("refuses %s", async (_, params, code) => {
    expectError(await list(params), 400, code);
  });

  it("says nothing of an id that is unknown", async () => {
    await idsOf([url(1)]);
    const { status, body } = await list({ TaskId: "123456789" });
    expect([status, body.TotalCount, body.Tasks]).toEqual([200, 0, { Task: [] }]);
  });

  it("forgets what is older than three days", async () => {
    const [TaskId = ""] = await idsOf([url(1)]);
    clock.advance(3 * DAY);
    expect(await rowsOf({ TaskId })).toHaveLength(1);
    clock.advance(1);
    const asked: readonly Parameters[] = [{ TaskId }, { ObjectPath: url(1) }, { StartTime: "2026-11-21T00:00:00Z" }];
    for (const params of asked) {
      expect(await rowsOf(params)).toEqual([]);
    }
  });

  it("shows a task after the delay that it is told", async () => {
    await restart({ listDelayMs: 3 * SECOND });
    const [TaskId = ""] = await idsOf([url(1)]);
    clock.advance(3 * SECOND - 1);
    expect(await rowsOf({ TaskId })).toEqual([]);
    clock.advance(1);
    expect(await rowsOf({ TaskId })).toHaveLength(1);
  });

  it("may leave schemes out, as the vendor's examples do, and finds its own spelling again", async () => {
    await restart({ echoScheme: false });
    const [TaskId = ""] = await idsOf([url(1)]);
    const [row] = await rowsOf({ TaskId });
    expect(row?.ObjectPath).toBe("vod.example.net/1.mp4");
    for (const ObjectPath of ["vod.example.net/1.mp4", url(1)]) expect(await rowsOf({ ObjectPath })).toEqual([row]);
  });
});

describe("limits", () => {
  const remain = async () => (await ask("DescribeVodRefreshQuota")).body.PreloadRemain;

  it("counts 500 URLs a day, up to midnight in China", async () => {
    // 00:00:30 in Shanghai.
    clock = handClock(Date.parse("2026-11-21T16:00:30Z"));
    await restart({});
    await idsOf(many(498));
    expectError(await preload(many(3)), 400, "QuotaExceeded.Refresh");
    expect([vod.spentToday, await remain()]).toEqual([498, "2"]);
    await idsOf(many(2));
    expectError(await preload(many(1)), 400, "QuotaExceeded.Refresh");

    clock.advance(Date.parse("2026-11-22T15:59:59Z") - clock.now());
    expect(await remain()).toBe("0");
    expectError(await preload(many(1)), 400, "QuotaExceeded.Refresh");
    clock.advance(SECOND);
    expect([vod.spentToday, await remain()]).toEqual([0, "500"]);
    await idsOf(many(1));
    expect([vod.spentToday, await remain()]).toEqual([1, "499"]);
  });

  it("writes the quota in numbers where it is told, and names it as the sister product does", async () => {
    await restart({ numbers: "numbers", quotaCode: "QuotaExceeded.Preload", dailyLimit: 1 });
    expect((await ask("DescribeVodRefreshQuota")).body).toMatchObject({ PreloadQuota: 1, PreloadRemain: 1, blockRemain: 300 });
    expectError(await preload(many(2)), 400, "QuotaExceeded.Preload");
  });

  it("has a queue for each domain, which empties as URLs are done", async () => {
    await restart({ queueLimit: 2, firstMs: SECOND, eachMs: SECOND });
    await idsOf(many(2));
    expectError(await preload([url(9), url(9, "media.example.net")]), 403, "PreloadQueueFull");
    expect(vod.spentToday).toBe(2);
    await idsOf([url(9, "media.example.net")]);
    clock.advance(SECOND);
    await idsOf([url(9)]);
    expectError(await preload([url(10)]), 403, "PreloadQueueFull");
  });

  it.each([503, 400, 429] as const)("takes so many calls of an action a second and answers more with %d", async (throttlingStatus) => {
    await restart({ callsPerSecond: 2, throttlingStatus });
    for (let index = 0; index < 2; index += 1) expect((await preload([url(index)])).status).toBe(200);
    const refusal = await preload([url(3)]);
    expectError(refusal, throttlingStatus, "Throttling.User");
    expect([refusal.error, refusal.retryAfter]).toEqual(["ThrottlingError", undefined]);
    expect((await ask("DescribeVodRefreshQuota")).status).toBe(200);
    clock.advance(SECOND - 1);
    expectError(await preload([url(3)]), throttlingStatus, "Throttling.User");
    clock.advance(1);
    expect((await preload([url(3)])).status).toBe(200);
    expect(vod.spentToday).toBe(3);
  });

  it("takes 50 calls a second unless told", async () => {
    for (let index = 0; index < 50; index += 1)
      expect((await exchange(signed({ action: "DescribeVodRefreshQuota", query: {} }))).status).toBe(200);
    expectError(await ask("DescribeVodRefreshQuota"), 503, "Throttling.User");
  });
});

describe("refusals", () => {
  const cases: readonly (readonly [string, Parameters, number, string])[] = [
    ["no URL", {}, 400, "MissingParameter"],
    ["blank lines only", { ObjectPath: "\r\n \n" }, 400, "MissingParameter"],
    ["1,001 URLs", { ObjectPath: many(1_001).join("\n") }, 400, "InvalidObjectPath.Size.Malformed"],
    ["what is no URL", { ObjectPath: `${url(1)}\nhttps://[/` }, 400, "InvalidObjectPath.Malformed"],
    ["a URL with a blank", { ObjectPath: url("a b") }, 400, "InvalidObjectPath.Malformed"],
    ["a URL that is malformed by name", { ObjectPath: `${url(1)}\n${url("malformed-2")}` }, 400, "InvalidObjectPath.Malformed"],
    ["a wildcard domain", { ObjectPath: url(1, "*.example.net") }, 400, "InvalidExtensiveDomain.ValueNotSupported"],
    ["a foreign domain", { ObjectPath: `${url(1)}\n${url(1, "vod.example.org")}` }, 404, "InvalidDomain.NotFound"],
    ["a domain named like a member of every object", { ObjectPath: "constructor/1.mp4" }, 404, "InvalidDomain.NotFound"],
    ["an area that there is not", { ObjectPath: url(1), Area: "cn" }, 400, "InvalidArea.Malformed"],
    ["a truth that is neither", { ObjectPath: url(1), L2Preload: "yes" }, 400, "InvalidL2Preload.Malformed"],
    ["headers that are no JSON", { ObjectPath: url(1), WithHeader: "a: b" }, 400, "InvalidWithHeader.Malformed"],
    ["headers that are no map", { ObjectPath: url(1), WithHeader: '[["a"]]' }, 400, "InvalidWithHeader.Malformed"],
    ["headers that are no lists", { ObjectPath: url(1), WithHeader: '{"a":"b"}' }, 400, "InvalidWithHeader.Malformed"],
  ];

  it.each(cases)("refuses %s, and the whole request with it", async (_, params, status, code) => {
    const answer = await ask("PreloadVodObjectCaches", params);
    expectError(answer, status, code);
    expect(answer.body.Message).not.toContain("example");
    expect([vod.spentToday, vod.rows.length]).toEqual([0, 0]);
  });

  it("takes URLs without a scheme, as the vendor's examples write them", async () => {
    const [TaskId = ""] = await idsOf(["vod.example.net/test.txt"]);
    expect((await rowsOf({ TaskId }))[0]?.ObjectPath).toBe("http://vod.example.net/test.txt");
  });

  it.each<[DomainState, number, string]>([
    ["offline", 404, "InvalidDomain.Offline"],
    ["configuring", 403, "ServiceBusy"],
    ["failed", 500, "InvalidDomain.Configure_failed"],
    ["illegal", 403, "IllegalOperation"],
  ])("refuses a domain that is %s", async (state, status, code) => {
    await restart({ domainStates: { "media.example.net": state } });
    expectError(await preload([url(1), url(1, "media.example.net")]), status, code);
    expect((await preload([url(1)])).status).toBe(200);
  });

  it.each([
    ["closed", "OperationDenied"],
    ["suspended", "OperationDenied.Suspended"],
  ] as const)("refuses everything where the account is %s", async (account, code) => {
    await restart({ account });
    for (const action of ["PreloadVodObjectCaches", "DescribeVodRefreshTasks", "DescribeVodRefreshQuota", "GetPlayInfo"]) {
      expectError(await ask(action), 403, code);
    }
  });

  it("knows its actions, its version and two methods", async () => {
    expectError(await ask("PushObjectCache"), 404, "InvalidAction.NotFound");
    expectError(await ask("constructor"), 404, "InvalidAction.NotFound");
    expectError(await ask("DescribeVodRefreshQuota", {}, { version: "2018-05-10" }), 400, "InvalidVersion");
    expectError(await exchange(signed({ method: "PUT" })), 404, "InvalidAction.NotFound");
    await restart({ missingActions: ["GetPlayInfo"] });
    expectError(await ask("GetPlayInfo", { VideoId: assetId }), 404, "InvalidAction.NotFound");
  });

  it("does not start with options that do not fit together", async () => {
    await expect(startAlibabaVod({ missingActions: ["Preload"] })).rejects.toThrow(RangeError);
    await expect(startAlibabaVod({ domainStates: { "other.example.net": "offline" } })).rejects.toThrow(RangeError);
  });
});

describe("assets", () => {
  const refresh = (params: Parameters) => ask("RefreshMediaPlayUrls", { TaskType: "Preload", ...params });
  const jobsOf = async (MediaRefreshJobId = "", more: Parameters = {}) =>
    (await ask("GetMediaRefreshJobs", { MediaRefreshJobId, ...more })).body.MediaRefreshJobs ?? [];
  const urlsOf = async (params: Parameters) => {
    const { body } = await refresh({ MediaIds: assetId, ...params });
    const [job] = await jobsOf(body.MediaRefreshJobId);
    return job?.SuccessPlayUrls?.split(",");
  };

  it("cost a unit, and get a task of its own, for each URL", async () => {
    const { body } = await refresh({ MediaIds: assetId });
    const [job] = await jobsOf(body.MediaRefreshJobId);
    const [first = "", second = ""] = job?.TaskIds?.split(",") ?? [];
    expect(first).not.toBe(second);
    expect((await rowsOf({ TaskId: first })).map((row) => row.ObjectPath)).toEqual([sd?.url]);
    expect((await rowsOf({ TaskId: second })).map((row) => row.ObjectPath)).toEqual([hd?.url]);
    expect(vod.spentToday).toBe(2);
  });

  it("are filtered by format, definition and kind of stream, and bring their first segments if asked to", async () => {
    expect(await urlsOf({ Formats: "mp4,mp3" })).toEqual([sd?.url]);
    expect(await urlsOf({ Definitions: "HD" })).toEqual([hd?.url]);
    expect(await urlsOf({ Formats: "m3u8", SliceFlag: "true" })).toEqual([hd?.url, ...(hd?.segments ?? []).slice(0, 5)]);
    expect(await urlsOf({ SliceFlag: "true", SliceCount: "2" })).toEqual([sd?.url, hd?.url, ...(hd?.segments ?? []).slice(0, 2)]);
    expect(vod.spentToday).toBe(1 + 1 + 6 + 4);
    const { body } = await refresh({ MediaIds: assetId, StreamType: "audio" });
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "fail", ErrorCode: "InvalidVideo.NoneStream" }]);
  });

  it("are the newest stream of each format and definition, or all of them, and nothing before they are published", async () => {
    const plays = ["old", "new"].map((name) => ({ url: url(name), format: "mp4", definition: "HD" }));
    await restart({ assets: { [assetId]: { status: "Normal", plays }, [uploadingId]: { status: "Transcoding", plays } } });
    expect(await urlsOf({})).toEqual([url("new")]);
    expect(await urlsOf({ ResultType: "Multiple" })).toEqual([url("old"), url("new")]);
    const { body } = await refresh({ MediaIds: uploadingId });
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "fail" }]);
  });

  it("that do not exist or are forbidden are named, the others are taken on", async () => {
    await restart({ forbiddenAssets: ["theirs"] });
    const { status, body } = await refresh({ MediaIds: `${assetId},nowhere,theirs,constructor` });
    expect(status).toBe(200);
    expect(body).toMatchObject({ NonExistMediaIds: "nowhere,constructor", ForbiddenMediaIds: "theirs" });
    expect((await jobsOf(body.MediaRefreshJobId)).map((job) => job.MediaId)).toEqual([assetId]);
    const none = await refresh({ MediaIds: "nowhere" });
    expect([none.status, none.body.MediaRefreshJobId, none.body.NonExistMediaIds]).toEqual([200, undefined, "nowhere"]);
    expect(vod.log.filter((entry) => entry.action === "RefreshMediaPlayUrls").map((entry) => entry.accepted)).toEqual([[assetId], []]);
  });

  it("have a job each, that can be asked for alone", async () => {
    const { body } = await refresh({ MediaIds: `${assetId},${uploadingId}` });
    const id = body.MediaRefreshJobId;
    expect((await jobsOf(id)).map((job) => [job.MediaId, job.Status, job.ErrorCode])).toEqual([
      [assetId, "success", undefined],
      [uploadingId, "fail", "InvalidVideo.NoneStream"],
    ]);
    expect((await jobsOf(id, { MediaId: uploadingId })).map((job) => job.MediaId)).toEqual([uploadingId]);
    expect(await jobsOf("unheard-of")).toEqual([]);
  });

  it("are submitted after the time that it is told", async () => {
    await restart({ jobMs: 5 * SECOND });
    const { body } = await refresh({ MediaIds: assetId });
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "processing", TaskIds: "", SuccessPlayUrls: "" }]);
    clock.advance(5 * SECOND - 1);
    expect([vod.spentToday, vod.rows.length]).toEqual([0, 0]);
    clock.advance(MINUTE);
    // Whoever asks, and whenever: the job has done its work in time.
    expect((await rowsOf({ ObjectPath: sd?.url ?? "" }))[0]?.CreationTime).toBe("2026-11-21T12:00:05Z");
    expect(vod.spentToday).toBe(2);
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "success", GmtModified: "2026-11-21 12:00:05" }]);
  });

  it.each([
    [{ dailyLimit: 1 }, "QuotaExceeded.Refresh"],
    [{ queueLimit: 1 }, "PreloadQueueFull"],
  ] as const)("fail as jobs where there is no room for them: %j", async (options, ErrorCode) => {
    await restart(options);
    const { status, body } = await refresh({ MediaIds: assetId });
    expect(status).toBe(200);
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ Status: "fail", ErrorCode, TaskIds: "", SuccessPlayUrls: "" }]);
    expect(vod.spentToday).toBe(0);
  });

  it("can be purged, which is another quota and another list", async () => {
    const { body } = await ask("RefreshMediaPlayUrls", { MediaIds: assetId, TaskType: "Refresh" });
    expect(await jobsOf(body.MediaRefreshJobId)).toMatchObject([{ TaskType: "Refresh", Status: "success" }]);
    expect((await ask("DescribeVodRefreshQuota")).body).toMatchObject({ PreloadRemain: "500", UrlRemain: "1998" });
    expect(await rowsOf({ ObjectType: "file" })).toHaveLength(2);
    expect(await rowsOf({ ObjectType: "preload" })).toEqual([]);
  });

  const wrong: readonly (readonly [string, string, Parameters, string])[] = [
    ["no media", "RefreshMediaPlayUrls", { TaskType: "Preload" }, "MissingParameter"],
    ["no type of task", "RefreshMediaPlayUrls", { MediaIds: assetId }, "MissingParameter"],
    ["an unknown type of task", "RefreshMediaPlayUrls", { MediaIds: assetId, TaskType: "Warm" }, "InvalidTaskType.Malformed"],
    [
      "21 media",
      "RefreshMediaPlayUrls",
      { TaskType: "Preload", MediaIds: Array.from({ length: 21 }, (_, index) => `m${index}`).join(",") },
      "InvalidMediaIds.Size.Malformed",
    ],
    ["21 segments", "RefreshMediaPlayUrls", { MediaIds: assetId, TaskType: "Preload", SliceCount: "21" }, "InvalidSliceCount.Malformed"],
    ["no job", "GetMediaRefreshJobs", {}, "MissingParameter"],
    ["no video", "GetPlayInfo", {}, "MissingParameter"],
    ["an unknown result", "GetPlayInfo", { VideoId: assetId, ResultType: "Both" }, "InvalidResultType.Malformed"],
    ["a malformed configuration", "GetPlayInfo", { VideoId: assetId, PlayConfig: "{" }, "InvalidPlayConfig.Malformed"],
  ];

  it.each(wrong)("refuses %s", async (_, action, params, code) => {
    expectError(await ask(action, params), 400, code);
    expect(vod.spentToday).toBe(0);
  });
});

describe("the look-up of assets", () => {
  const play = async (params: Parameters) => (await ask("GetPlayInfo", params)).body.PlayInfoList?.PlayInfo.map((info) => info.PlayURL);
  const stream = (name: string, more: object = {}) => ({ url: url(name), format: "mp4", definition: "HD", ...more });

  it("refuses what there is not, or not yet", async () => {
    for (const VideoId of ["nowhere", "constructor"]) expectError(await ask("GetPlayInfo", { VideoId }), 404, "InvalidVideo.NotFound");
    const early = await ask("GetPlayInfo", { VideoId: uploadingId });
    expectError(early, 403, "Forbidden.IllegalStatus");
    expect(early.body.Message).toContain("Uploading");
    expectError(await ask("GetPlayInfo", { VideoId: assetId, Formats: "flv" }), 404, "InvalidVideo.NoneStream");
  });

  it("shows the newest stream of each format and definition, or all of them", async () => {
    const plays = [stream("old"), stream("new"), stream("sound", { format: "mp3", streamType: "audio" })];
    await restart({ assets: { mine: { status: "Normal", plays } } });
    expect(await play({ VideoId: "mine" })).toEqual([url("new"), url("sound")]);
    expect(await play({ VideoId: "mine", ResultType: "Multiple" })).toEqual([url("old"), url("new"), url("sound")]);
    expect(await play({ VideoId: "mine", StreamType: "audio" })).toEqual([url("sound")]);
    expect(await play({ VideoId: "mine", Definition: "SD" })).toBeUndefined();
  });

  it("hides encrypted streams unless all are asked for, and marks invisible ones", async () => {
    const secret = stream("secret", { encrypted: true });
    const plays = [stream("hidden", { format: "flv", invisible: true }), secret];
    await restart({ assets: { mixed: { status: "Normal", plays }, sealed: { status: "Normal", plays: [secret] } } });
    expect(await play({ VideoId: "mixed" })).toEqual([url("hidden")]);
    expectError(await ask("GetPlayInfo", { VideoId: "sealed" }), 403, "Forbidden.AliyunVoDEncryption");
    const { body } = await ask("GetPlayInfo", { VideoId: "mixed", ResultType: "Multiple" });
    expect(body.PlayInfoList?.PlayInfo).toMatchObject([
      { Status: "Invisible", Encrypt: 0 },
      { Status: "Normal", Encrypt: 1 },
    ]);
  });

  it("gives URLs of the domain that is asked for, of the store, or signed", async () => {
    const PlayConfig = JSON.stringify({ PlayDomain: "media.example.net" });
    expect(await play({ VideoId: assetId, PlayConfig, Formats: "mp4" })).toEqual(["https://media.example.net/93ab850b/sd.mp4"]);
    expect((await play({ VideoId: assetId, OutputType: "oss", Formats: "mp4" }))?.[0]).toMatch(/\.oss-cn-shanghai\.aliyuncs\.com\//);
    await restart({ signedUrls: true });
    expect((await play({ VideoId: assetId, Formats: "mp4" }))?.[0]).toMatch(/sd\.mp4\?auth_key=\d+-0-0-[0-9a-f]{32}$/);
  });
});

describe("faults", () => {
  const busy: FaultRule = { fault: { kind: "answer", status: 502, body: "<html>" } };
  const quota = async () => (await exchange(signed({ action: "DescribeVodRefreshQuota", query: {} }))).status;
  const send = async () => (await exchange(signed())).status;

  it("happen to the action that is named", async () => {
    vod.inject({ ...busy, action: "PreloadVodObjectCaches", times: 2, after: 1 });
    const statuses: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push(await quota(), await send());
    expect(statuses).toEqual([200, 200, 200, 502, 200, 502, 200, 200]);
    expect(vod.spentToday).toBe(2);
  });

  it("happen to the method that is named, and to both together", async () => {
    vod.inject({ ...busy, method: "GET" });
    vod.inject({ ...busy, method: "POST", action: "GetPlayInfo" });
    expect(await send()).toBe(200);
    expect((await exchange(signed({ method: "GET" }))).status).toBe(502);
    expect((await exchange(signed({ method: "GET", action: "GetPlayInfo" }))).status).toBe(400);
    expect((await exchange(signed({ action: "GetPlayInfo" }))).status).toBe(502);
  });

  it("end when they are cleared", async () => {
    vod.inject({ ...busy, times: 9 });
    vod.clearFaults();
    expect(await send()).toBe(200);
  });

  it("break the connection before or after the call is carried out", async () => {
    vod.inject({ fault: { kind: "reset", when: "before" } });
    await expect(send()).rejects.toThrow();
    expect([vod.spentToday, vod.log.length]).toEqual([0, 0]);
    for (const fault of [{ kind: "reset", when: "after" }, { kind: "truncate" }] as const) {
      vod.inject({ fault });
      await expect(send()).rejects.toThrow();
    }
    expect(vod.spentToday).toBe(2);
  });
});

describe("the log", () => {
  it("says of every request when it came, what it was, and what came of it", async () => {
    const start = clock.now();
    await preload([url(1)], { Area: "domestic" });
    clock.advance(SECOND);
    await preload([url(1, "foreign.example.org")]);
    await ask("GetPlayInfo", { VideoId: assetId }, { method: "GET" });
    expect(vod.log.map(({ params, ...entry }) => ({ ...entry, params: Object.fromEntries(params) }))).toEqual([
      {
        at: start,
        method: "POST",
        action: "PreloadVodObjectCaches",
        status: 200,
        params: { ObjectPath: url(1), Area: "domestic" },
        accepted: [url(1)],
      },
      {
        at: start + SECOND,
        method: "POST",
        action: "PreloadVodObjectCaches",
        status: 404,
        code: "InvalidDomain.NotFound",
        params: { ObjectPath: url(1, "foreign.example.org") },
        accepted: [],
      },
      { at: start + SECOND, method: "GET", action: "GetPlayInfo", status: 200, params: { VideoId: assetId }, accepted: [] },
    ]);
  });
});
