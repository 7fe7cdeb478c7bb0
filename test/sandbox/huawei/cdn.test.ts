/** The emulated Huawei Cloud CDN, driven by requests that the vendor's own signer has signed. npm has no client for this product. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sdkDate } from "../../../src/providers/huawei/sign.ts";
import { type HuaweiCdnEmulator, type HuaweiCdnEmulatorOptions, startHuaweiCdn } from "../../../src/sandbox/huawei/cdn.ts";
import { type HandClock, HOUR, handClock, MINUTE } from "../../providers/clock-harness.ts";
import { exchange, type OfficialRequest, officialRequest } from "../../providers/huawei/official-harness.ts";

let clock: HandClock;
let cdn: HuaweiCdnEmulator;
const restart = async (options: HuaweiCdnEmulatorOptions = {}) => {
  await cdn?.close();
  cdn = await startHuaweiCdn({ now: clock.now, ...options });
};
beforeEach(async () => {
  clock = handClock();
  cdn = await startHuaweiCdn({ now: clock.now });
});
afterEach(() => cdn.close());

type Ask = Pick<OfficialRequest, "query" | "body">;
const ask = async (method: "GET" | "POST", path: string, { query, body }: Ask = {}): Promise<{ status: number; json: unknown }> => {
  const input = { method, endpoint: cdn.endpoint, path: `/v1.0/cdn/${path}`, date: sdkDate(clock.now()), keys: cdn.user };
  const { status, json } = await exchange(officialRequest({ ...input, ...(query && { query }), ...(body && { body }) }));
  return { status, json };
};
const url = (name: string) => `https://hw-cdn.example.net/${name}.mp4`;
const preheat = (urls: readonly string[]) => ask("POST", "content/preheating-tasks", { body: { preheating_task: { urls } } });
const error = (code: string) => ({ error: { error_code: code, error_msg: expect.any(String) } });

describe("a task of the emulated CDN", () => {
  it("is answered with its id as a text, and has rows in pages", async () => {
    expect(await preheat([url("a"), url("fail"), url("c")])).toEqual({ status: 200, json: { preheating_task: "7620240" } });
    clock.advance(MINUTE);
    const page = await ask("GET", "historytasks/7620240/detail", { query: { page_size: "2", page_number: "2" } });
    expect(page).toMatchObject({ status: 200, json: { total: 3, succeed: 2, failed: 1, status: "task_done", task_type: "preheating" } });
    expect(page.json).toMatchObject({ urls: [{ url: url("c"), status: "succeed", task_id: "7620240" }] });
    expect(cdn.warmedAt(url("a"))).toBeTypeOf("number");
    expect(cdn.warmedAt(url("fail"))).toBeUndefined();
  });

  it("shows 30 rows a page by default, and wants both parameters of a page", async () => {
    await preheat(Array.from({ length: 31 }, (_, index) => url(String(index))));
    const { json } = await ask("GET", "historytasks/7620240/detail");
    expect(json).toMatchObject({ total: 31, urls: { length: 30 } });
    const half = await ask("GET", "historytasks/7620240/detail", { query: { page_size: "10" } });
    expect(half).toEqual({ status: 400, json: error("CDN.0001") });
  });

  it("drops copies when it is a refresh, by a quota of its own", async () => {
    await preheat([url("a")]);
    clock.advance(MINUTE);
    const body = { refresh_task: { type: "file", urls: [url("a")] } };
    expect(await ask("POST", "content/refresh-tasks", { body })).toEqual({ status: 200, json: { refresh_task: "7620241" } });
    clock.advance(MINUTE);
    expect(cdn.warmedAt(url("a"))).toBeUndefined();
    const { json } = await ask("GET", "quota");
    expect(json).toMatchObject({
      quotas: [
        { type: "preheat", quota_limit: 1_000, used: 1 },
        { type: "file_refresh", quota_limit: 2_000, used: 1 },
      ],
    });
  });

  it("is in the records of its time, with words in capitals", async () => {
    await restart({ listDelayMs: MINUTE });
    await preheat([url("a")]);
    const span = { start_time: String(clock.now() - HOUR), end_time: String(clock.now() + HOUR), task_type: "PREHEATING" };
    expect(await ask("GET", "contentgateway/url-tasks", { query: span })).toMatchObject({ json: { total: 0, result: [] } });
    clock.advance(2 * MINUTE);
    const { json } = await ask("GET", "contentgateway/url-tasks", { query: { ...span, limit: "100", offset: "0" } });
    expect(json).toMatchObject({ total: 1, result: [{ url: url("a"), status: "SUCCEED", task_id: 7_620_240, type: "PREHEATING" }] });
    const wide = { ...span, end_time: String(clock.now() + 24 * HOUR) };
    expect(await ask("GET", "contentgateway/url-tasks", { query: wide })).toEqual({ status: 400, json: error("CDN.0001") });
  });
});

describe("the domains of the emulated CDN", () => {
  it("are listed in pages with their states, and only a domain in service can be preheated", async () => {
    await restart({
      domains: ["hw-cdn.example.net", "*.wild.example.com", "old.example.com"],
      domainStates: { "old.example.com": "offline" },
    });
    const page = (number: string) => ask("GET", "domains", { query: { page_size: "2", page_number: number } });
    const online = { domain_status: "online", disabled: 0 };
    expect(await page("1")).toMatchObject({
      status: 200,
      json: {
        total: 3,
        domains: [
          { domain_name: "hw-cdn.example.net", ...online },
          { domain_name: "*.wild.example.com", ...online },
        ],
      },
    });
    expect(await page("2")).toMatchObject({ json: { total: 3, domains: [{ domain_name: "old.example.com", domain_status: "offline" }] } });
    expect(await ask("GET", "domains", { query: { page_size: "10001" } })).toEqual({ status: 400, json: error("CDN.0001") });
    expect(await preheat(["https://a.wild.example.com/a.mp4"])).toMatchObject({
      status: 200,
      json: { preheating_task: expect.any(String) },
    });
    expect(await preheat(["https://old.example.com/a.mp4"])).toEqual({ status: 200, json: error("CDN.0145") });
  });
});

describe("a refusal of the emulated CDN", () => {
  it.each([
    ["a URL of another account", 200, "CDN.0108", ["https://foreign.example.org/a.mp4"]],
    ["a directory", 400, "CDN.0001", ["https://hw-cdn.example.net/films/"]],
    ["no URL", 400, "CDN.0001", []],
    ["more than 1,000 URLs", 400, "CDN.0001", Array.from({ length: 1_001 }, (_, index) => url(String(index)))],
    ["a URL of more than 4,096 characters", 400, "CDN.0001", [url("x".repeat(4_096))]],
  ])("has its code in an answer to %s", async (_, status, code, urls) => {
    expect(await preheat(urls)).toEqual({ status, json: error(code) });
    expect(cdn.spentToday).toBe(0);
  });

  it("has HTTP 200 when the day's quota is used up, or the task is unknown", async () => {
    await restart({ dailyLimit: 1 });
    expect(await preheat([url("a"), url("b")])).toEqual({ status: 200, json: error("CDN.0110") });
    expect(await ask("GET", "historytasks/1/detail")).toEqual({ status: 200, json: error("CDN.0108") });
  });

  it("comes from the gateway for an unknown path, too many calls and a wrong key", async () => {
    expect(await ask("GET", "no-such-path")).toMatchObject({ status: 404, json: { error_code: "APIGW.0101" } });
    await restart({ callsPerSecond: 1 });
    await ask("GET", "quota");
    expect(await ask("GET", "quota")).toMatchObject({ status: 429, json: { error_code: "APIGW.0308" } });
    await restart({ user: { sk: "another-secret" } });
    const keys = { ak: cdn.user.ak, sk: "wrong" };
    const wrong = officialRequest({ method: "GET", endpoint: cdn.endpoint, path: "/v1.0/cdn/quota", date: sdkDate(clock.now()), keys });
    expect(await exchange(wrong)).toMatchObject({ status: 401, json: { error_code: "APIGW.0301" } });
  });
});
