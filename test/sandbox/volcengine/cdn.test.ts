/** The emulated Volcengine CDN, driven by the vendor's own client. It signs for the real time, so the emulator runs by it, too. */

import { createRequire } from "node:module";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { authorization, signingTime } from "../../../src/providers/kit/derived-key.ts";
import { scheme } from "../../../src/providers/volcengine/rpc.ts";
import { startVolcengineCdn, type VolcengineCdnEmulator, type VolcengineCdnEmulatorOptions } from "../../../src/sandbox/volcengine/cdn.ts";
import { runs } from "../../fakes/runs.ts";

interface Answer {
  readonly ResponseMetadata: { readonly RequestId: string; readonly Error?: { readonly Code: string } };
  readonly Result?: unknown;
}

type Call = (body: Readonly<Record<string, unknown>>) => Promise<Answer>;

/** The calls that tests make. The client returns the body for every HTTP status. */
type Calls = Readonly<
  Record<"SubmitPreloadTask" | "SubmitRefreshTask" | "DescribeContentTasks" | "DescribeContentQuota" | "ListCdnDomains", Call>
>;

interface OfficialModules {
  readonly cdn: { readonly CdnService: new (options: object) => Calls };
  readonly signer: {
    readonly default: new (
      request: object,
      service: string,
    ) => {
      addAuthorization(keys: object, date: Date): void;
      request: { readonly headers: Readonly<Record<string, string>> };
    };
  };
}

// Node and Vitest differ in the default import of a CommonJS module, so these are `require`s.
const load = createRequire(import.meta.url);
const official: OfficialModules = {
  cdn: load("@volcengine/openapi/lib/services/cdn/index.js"),
  signer: load("@volcengine/openapi/lib/base/sign.js"),
};

let vendor: VolcengineCdnEmulator | undefined;
afterEach(() => vendor?.close());

/** `own` overrides the client's options: keys, region, service. */
async function start(options: VolcengineCdnEmulatorOptions = {}, own: object = {}): Promise<Calls & { vendor: VolcengineCdnEmulator }> {
  const started = await startVolcengineCdn({ firstMs: 0, eachMs: 0, ...options });
  vendor = started;
  const client = new official.cdn.CdnService({ host: new URL(started.endpoint).host, protocol: "http:", ...started.user, ...own });
  return Object.assign(client, { vendor: started });
}

const url = (name: string) => `https://volc-cdn.example.net/${name}.mp4`;
const codeOf = (answer: Answer) => answer.ResponseMetadata.Error?.Code;

describe("a task of the emulated CDN", () => {
  it("is answered with its id and the count of its URLs, and has a row for each", async () => {
    const { SubmitPreloadTask, DescribeContentTasks, vendor } = await start();
    const answer = await SubmitPreloadTask({ Urls: `${url("a")}\n${url("视频")}\n${url("fail")}`, Area: "global" });
    expect(answer.ResponseMetadata).toMatchObject({ Action: "SubmitPreloadTask", Service: "CDN", RequestId: expect.stringMatching(/\S/) });
    expect(answer.Result).toEqual({ TaskID: "prefetch_url_89c25a1aa304", CommitNum: 3 });
    const listed = await DescribeContentTasks({ TaskType: "preload", TaskID: "prefetch_url_89c25a1aa304", PageNum: 2, PageSize: 2 });
    expect(listed.Result).toEqual({
      Total: 3,
      PageNum: 2,
      PageSize: 2,
      Data: [expect.objectContaining({ Url: url("fail"), Status: "failed", Process: "100%", TaskType: "preload" })],
    });
    expect(vendor.warmedAt(url("a"))).toBeTypeOf("number");
    expect(vendor.warmedAt(url("fail"))).toBeUndefined();
  });

  it("is found by its URLs, domain, state and time, and not as another type", async () => {
    const { SubmitPreloadTask, DescribeContentTasks } = await start();
    await SubmitPreloadTask({ UrlList: [url("a"), url("b")] });
    const now = Math.floor(Date.now() / 1_000);
    const total = async (filter: object) => (await DescribeContentTasks({ TaskType: "preload", ...filter })).Result;
    expect(await total({ UrlList: [url("b")], Url: url("a") })).toMatchObject({ Total: 1, Data: [{ Url: url("b") }] });
    expect(await total({ DomainName: "volc-cdn.example.net", Status: "complete" })).toMatchObject({ Total: 2 });
    expect(await total({ StartTime: now - 60, EndTime: now + 60 })).toMatchObject({ Total: 2 });
    for (const filter of [{ DomainName: "a.example" }, { StartTime: now + 60, EndTime: now + 90 }, { TaskType: "refresh_file" }])
      expect(await total(filter)).toMatchObject({ Total: 0, Data: [] });
    expect(codeOf(await DescribeContentTasks({ TaskType: "preload", StartTime: now }))).toBe("InvalidParameter");
    expect(codeOf(await DescribeContentTasks({}))).toBe("InvalidParameter");
  });

  it("drops copies when it is a refresh, by a quota of its own", async () => {
    const { SubmitPreloadTask, SubmitRefreshTask, DescribeContentQuota, vendor } = await start();
    await SubmitPreloadTask({ UrlList: [url("a")] });
    expect((await SubmitRefreshTask({ Type: "file", UrlList: [url("a")] })).Result).toMatchObject({ TaskID: "refresh_url_89c25a1aa305" });
    expect(vendor.warmedAt(url("a"))).toBeUndefined();
    expect((await DescribeContentQuota({})).Result).toEqual({
      PreloadQuota: 1_000,
      PreloadLimit: 100,
      PreloadRemain: 999,
      RefreshQuota: 10_000,
      RefreshQuotaLimit: 100,
      RefreshRemain: 9_999,
    });
  });

  it("lists the domains of the account in pages", async () => {
    const { ListCdnDomains } = await start({ stoppedDomains: ["old.example.net"] });
    expect((await ListCdnDomains({ PageNum: 2, PageSize: 1 })).Result).toMatchObject({
      Total: 2,
      Data: [{ Domain: "old.example.net", Status: "offline" }],
    });
  });
});

describe("a refusal of the emulated CDN", () => {
  it.each([
    ["a URL of another account", "ResourceNotFound", { UrlList: ["https://foreign.example.org/a.mp4"] }],
    ["no URL", "InvalidParameter", { UrlList: [] }],
    ["a URL without a scheme", "InvalidParameter", { Urls: "volc-cdn.example.net/a.mp4" }],
    ["more than 100 URLs", "InvalidParameter", { UrlList: Array.from({ length: 101 }, (_, index) => url(String(index))) }],
    ["an unknown area", "InvalidParameter", { UrlList: [url("a")], Area: "cn" }],
    ["more URLs than the quota has", "InvalidParameter.NoActionQuota", { UrlList: [url("a"), url("b")] }],
  ])("is an error within HTTP 200 for %s", async (_, code, body) => {
    const { SubmitPreloadTask, vendor } = await start({ dailyLimit: 1 });
    expect(codeOf(await SubmitPreloadTask(body))).toBe(code);
    expect(vendor.log).toMatchObject([{ status: 200, code, accepted: [] }]);
    expect(vendor.spentToday).toBe(0);
  });

  it.each([
    ["SignatureDoesNotMatch", {}, { secretKey: "wrong" }],
    ["InvalidAccessKey", {}, { accessKeyId: "AKLTother" }],
    ["InvalidAccessKey", { isKeyDisabled: true }, {}],
    ["InvalidSecretToken", {}, { sessionToken: "not asked for" }],
    ["InvalidSecretToken", { user: { sessionToken: "right" } }, { sessionToken: "expired" }],
    ["InvalidCredential", {}, { region: "ap-singapore-1" }],
    ["InvalidCredential", {}, { serviceName: "vod" }],
    ["InvalidTimestamp", { now: () => Date.now() + 3_600_000 }, {}],
    ["FlowLimitExceeded", { callsPerSecond: 0 }, {}],
  ])("comes from the gateway as %s when the options are %j and the client's are %j", async (code, options, own) => {
    const { SubmitPreloadTask } = await start(options, own);
    expect(codeOf(await SubmitPreloadTask({ UrlList: [url("a")] }))).toBe(code);
  });
});

describe("a request of the official client", () => {
  it.each([
    [{}, {}],
    [{}, { serviceName: "CDN" }],
    [{ user: { sessionToken: "STSsessionToken+/==" } }, {}],
    [{ region: "ap-singapore-1" }, { region: "ap-singapore-1" }],
  ])("is accepted when the options are %j and the client's are %j", async (options, own) => {
    const { DescribeContentQuota } = await start(options, own);
    expect(codeOf(await DescribeContentQuota({}))).toBeUndefined();
  });

  it("has the signature that ours has over the same headers", () => {
    const word = fc.stringMatching(/^[\w+/=-]{1,40}$/);
    const call = fc.record({
      body: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.array(fc.webUrl())), { minKeys: 1, noNullPrototype: true }),
      action: word,
      keys: fc.record({ accessKeyId: word, secretKey: word, sessionToken: fc.option(word, { nil: undefined }) }),
      region: fc.constantFrom("cn-north-1", "ap-singapore-1"),
      service: fc.constantFrom("cdn", "CDN"),
      at: fc.integer({ min: 0, max: 4e9 }).map((seconds) => seconds * 1_000),
    });
    const property = fc.property(call, ({ body, action, keys, region, service, at }) => {
      const query = { Version: "2021-03-01", Action: action };
      const theirs = new official.signer.default({ region, method: "POST", params: query, headers: {}, body }, service);
      theirs.addAuthorization(keys, new Date(at));
      const { Authorization, ...headers } = theirs.request.headers;
      expect(headers).toMatchObject({ "X-Date": signingTime(scheme, at) });
      const input = { method: "POST", path: "/", query: Object.entries(query), headers, body: JSON.stringify(body), at };
      const ours = authorization(scheme, { ...input, scope: [region, service] }, { id: keys.accessKeyId, secret: keys.secretKey });
      expect(ours).toBe(Authorization);
    });
    fc.assert(property, { numRuns: runs(100) });
  });
});
