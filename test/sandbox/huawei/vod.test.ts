/** The emulator's calls, limits and errors as the vendor documents them. The vendor's own signer signs the requests. */

import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { authorization, sdkDate } from "../../../src/providers/huawei/sign.ts";
import type { Fault } from "../../../src/sandbox/server/faults.ts";
import { MINUTE, SECOND } from "../../providers/clock-harness.ts";
import { exchange } from "../../providers/huawei/official-harness.ts";
import { assetId, assetUrls, expectError, huaweiForEachTest, unpublishedId, url, urls } from "./emulator-harness.ts";

const test = huaweiForEachTest();
const { restart, send, signed, post, query, info, taskOf, expectAccepted } = test;

describe("the official signer's request", () => {
  it("prefetches an asset", async () => {
    const { status, json, headers } = await post({ asset_id: assetId });
    expect(status).toBe(202);
    expect(json?.task_id).toMatch(/^[0-9a-f]{32}$/);
    expect(headers["x-request-id"]).toMatch(/^[0-9a-f]{32}$/);
    expect(headers.date).toBe(new Date(test.clock.now()).toUTCString());
  });

  it("prefetches URLs with characters beyond ASCII", async () => {
    expect((await post({ urls: [url(1), url("片名 1")].map(encodeURI) })).status).toBe(202);
    expect((await post({ urls: ["https://example.com/片名.mp4"] })).status).toBe(202);
  });

  it("queries a task", async () => {
    const { status, json } = await query(await taskOf({ urls: [url(1)] }));
    expect(status).toBe(200);
    expect(json).toEqual({ preheating_results: [{ url: url(1), status: "processing" }] });
  });

  it("looks up assets with a repeated parameter", async () => {
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

  it("finds no asset under the name of an object's built-in member", async () => {
    const { json } = await info("constructor", "__proto__");
    expect(json?.asset_info_array).toEqual([
      { asset_id: "constructor", status: "NO_ASSET" },
      { asset_id: "__proto__", status: "NO_ASSET" },
    ]);
  });

  it("may have the project id as a signed header, as the SDK sends it", async () => {
    expect((await send({ body: { asset_id: assetId }, headers: { "X-Project-Id": test.vod.projectId } })).status).toBe(202);
  });
});

describe("tasks", () => {
  const states = async (taskId: string) => (await query(taskId)).json?.preheating_results?.map((row) => row.status);

  it("finish one URL after another", async () => {
    await restart({ firstMs: 10 * SECOND, eachMs: 5 * SECOND });
    const taskId = await taskOf({ urls: [url(1), url("fail-2"), url(3)] });
    expect(await states(taskId)).toEqual(["processing", "processing", "processing"]);
    test.clock.advance(10 * SECOND - 1);
    expect(await states(taskId)).toEqual(["processing", "processing", "processing"]);
    test.clock.advance(1);
    expect(await states(taskId)).toEqual(["succeed", "processing", "processing"]);
    test.clock.advance(5 * SECOND);
    expect(await states(taskId)).toEqual(["succeed", "failed", "processing"]);
    test.clock.advance(5 * SECOND);
    expect(await states(taskId)).toEqual(["succeed", "failed", "succeed"]);
  });

  it("report a URL as warmed once it succeeds", async () => {
    await restart({ firstMs: SECOND, eachMs: 0 });
    await taskOf({ urls: [url(1), url("fail-2")] });
    expect(test.vod.warmedAt(url(1))).toBeUndefined();
    test.clock.advance(SECOND);
    expect([test.vod.warmedAt(url(1)), test.vod.warmedAt(url("fail-2"))]).toEqual([test.clock.now(), undefined]);
  });

  it("of an asset cover its URLs", async () => {
    const { json } = await query(await taskOf({ asset_id: assetId }));
    expect(json?.preheating_results?.map((row) => row.url)).toEqual(assetUrls);
  });

  it.each([200, 202] as const)("are reported with HTTP %d by the edition that does so", async (queryStatus) => {
    await restart({ queryStatus });
    expect((await query(await taskOf({ urls: [url(1)] }))).status).toBe(queryStatus);
  });

  it("spell their states in capitals like the SDKs", async () => {
    await restart({ stateCase: "upper", firstMs: 0, eachMs: SECOND });
    expect(await states(await taskOf({ urls: [url(1), url(2)] }))).toEqual(["SUCCEED", "PROCESSING"]);
  });

  it("do not exist in the first edition, which takes asset ids and returns an empty body", async () => {
    await restart({ edition: "id-only" });
    const { status, text } = await post({ asset_id: assetId });
    expect([status, text]).toEqual([202, ""]);
    expect(test.vod.spentToday).toBe(assetUrls.length);
    expectError(await post({ urls: [url(1)] }), 400, "VOD.10053");
  });

  it("make the parameter illegal when they are unknown", async () => {
    expectError(await query("5199337c31c8e4622f1590735b13a263"), 400, "VOD.10053");
    expectError(await send(), 400, "VOD.10053");
  });
});

describe("limits", () => {
  it("allow 10 URLs in a call", async () => {
    expect((await post({ urls: urls(10) })).status).toBe(202);
    expectError(await post({ urls: urls(11) }), 403, "VOD.10109");
    expect(test.vod.spentToday).toBe(10);
  });

  it("allow 1,000 units a day, until midnight in China", async () => {
    // 00:00:30 in Beijing: the test stays within one day until it advances the clock.
    await restart({}, Date.parse("2026-11-21T16:00:30Z"));
    for (let call = 0; call < 99; call += 1) {
      if (call === 60) test.clock.advance(MINUTE);
      expect((await post({ urls: urls(10) })).status).toBe(202);
    }
    expect((await post({ urls: urls(8) })).status).toBe(202);
    test.clock.advance(MINUTE);
    expect(test.vod.spentToday).toBe(998);

    // Two units are left. The vendor refuses a larger call as a whole.
    const refusal = await post({ asset_id: assetId });
    expectError(refusal, 403, "VOD.10086");
    expect(refusal.json?.error_msg).toContain("1000");
    expect(test.vod.spentToday).toBe(998);
    expect((await post({ urls: urls(2) })).status).toBe(202);
    expectError(await post({ urls: urls(1) }), 403, "VOD.10086");

    test.clock.advance(Date.parse("2026-11-22T15:59:59Z") - test.clock.now());
    expectError(await post({ urls: urls(1) }), 403, "VOD.10086");
    test.clock.advance(SECOND);
    expect(test.vod.spentToday).toBe(0);
    expect((await post({ urls: urls(1) })).status).toBe(202);
    expect(test.vod.spentToday).toBe(1);
  });

  it("allow 100 prefetches and queries a minute and do not count look-ups of assets", async () => {
    const taskId = await taskOf({ urls: [url(1)] });
    for (let call = 1; call < 50; call += 1) expect((await query(taskId)).status).toBe(200);
    test.clock.advance(30 * SECOND);
    for (let call = 0; call < 50; call += 1) expect((await query(taskId)).status).toBe(200);

    const refusal = await post({ urls: [url(2)] });
    expectError(refusal, 429, "APIGW.0308");
    expect(refusal.json?.error_msg).toContain("limit:100,time:1 minute");
    expectError(await query(taskId), 429, "APIGW.0308");
    expect((await info(assetId)).status).toBe(200);
    expect(test.vod.spentToday).toBe(1);

    // The window slides: only the first fifty calls leave it.
    test.clock.advance(30 * SECOND);
    for (let call = 0; call < 50; call += 1) expect((await query(taskId)).status).toBe(200);
    expectError(await query(taskId), 429, "APIGW.0308");
  });

  it("follow the options for domains, assets, units and calls", async () => {
    const asset = { status: "PUBLISHED", urls: ["https://cdn.example.net/x.mp4"] };
    await restart({ domains: ["cdn.example.net"], assets: { mine: asset }, dailyLimit: 2, callsPerMinute: 4 });
    expect((await post({ asset_id: "mine" })).status).toBe(202);
    expectError(await post({ urls: [url(1)] }), 403, "VOD.10089");
    expectError(await post({ asset_id: assetId }), 403, "VOD.10062");
    expectError(await post({ urls: ["https://cdn.example.net/1", "https://cdn.example.net/2"] }), 403, "VOD.10086");
    expectError(await query("any"), 429, "APIGW.0308");
  });
});

describe("refusals", () => {
  const cases: readonly (readonly [string, object, number, string])[] = [
    ["an unpublished asset", { asset_id: unpublishedId }, 403, "VOD.10060"],
    ["an unknown asset", { asset_id: "ffffffffffffffffffffffffffffffff" }, 403, "VOD.10062"],
    ["an asset with the name of an object's built-in member", { asset_id: "constructor" }, 403, "VOD.10062"],
    ["a URL of a foreign domain", { urls: [url(1), "https://foreign.example.org/a.mp4"] }, 403, "VOD.10089"],
    ["neither asset id nor URLs", {}, 400, "VOD.10053"],
    ["both asset id and URLs", { asset_id: assetId, urls: [url(1)] }, 400, "VOD.10053"],
    ["an empty list of URLs", { urls: [] }, 400, "VOD.10053"],
    ["text that is not a URL", { urls: ["example.com/a.mp4"] }, 400, "VOD.10053"],
    ["a URL with a leading blank", { urls: [` ${url(1)}`] }, 400, "VOD.10053"],
    ["a URL that cannot be parsed", { urls: ["https://[/a.mp4"] }, 400, "VOD.10053"],
    ["an asset id of the wrong type", { asset_id: [assetId] }, 400, "VOD.10053"],
    ["URLs of the wrong type", { urls: url(1) }, 400, "VOD.10053"],
    ["a list", [assetId], 400, "VOD.10053"],
  ];

  it.each(cases)("refuses %s", async (_, body, status, code) => {
    expectError(await post(body), status, code);
    expect(test.vod.spentToday).toBe(0);
  });

  it("refuses a signed body that is not JSON", async () => {
    // The official signer signs objects only, so our signer makes this signature.
    const target = new URL(signed().url);
    const headers = { "content-type": "application/json", host: target.host, "x-sdk-date": sdkDate(test.clock.now()) };
    const header = authorization({ method: "POST", url: target, headers, body: "{" }, test.vod.user);
    const answer = await exchange({ method: "POST", url: target.href, headers: { ...headers, authorization: header }, body: "{" });
    expectError(answer, 400, "VOD.10053");
  });

  it("refuses another project", async () => {
    const path = `/v1.0/${"0".repeat(32)}/asset/preheating`;
    expectError(await send({ path, body: { asset_id: assetId } }), 403, "VOD.10057");
  });

  it("refuses a method that an operation does not have", async () => {
    expectError(await send({ path: `/v1.0/${test.vod.projectId}/asset/info`, body: { asset_id: assetId } }), 403, "VOD.10058");
  });

  it.each(["/", "/v1/anything", "/v2/5a4dbe1d0c2b4f0e9f5d7c6b8a901234/asset/preheating"])("refuses the unknown path %s", async (path) => {
    expectError(await send({ path }), 404, "APIGW.0101");
  });

  it.each(["GET // HTTP/1.1\r\nHost: 127.0.0.1", "GET / HTTP/1.1\r\nHost: ["])(
    "survives a request without a valid URL: %j",
    async (head) => {
      const { hostname, port } = new URL(test.vod.endpoint);
      const socket = connect(Number(port), hostname);
      // The emulator may answer, close or reset the connection.
      socket.on("error", () => undefined);
      socket.resume();
      socket.write(`${head}\r\nConnection: close\r\n\r\n`);
      await new Promise((resolve) => socket.on("close", resolve));
      await expectAccepted();
    },
  );

  it("survives a client that disconnects in the middle of its body", async () => {
    const { hostname, port } = new URL(test.vod.endpoint);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
    socket.destroy();
    await expectAccepted();
    expect(test.vod.log).toHaveLength(1);
  });
});

describe("faults", () => {
  const faults: readonly (readonly [Fault, number])[] = [
    [{ kind: "reset", when: "before" }, 0],
    [{ kind: "reset", when: "after" }, 1],
    [{ kind: "truncate" }, 1],
  ];
  it.each(faults)("%j breaks the connection and spends %d units", async (fault, units) => {
    test.vod.inject({ fault });
    await expect(post({ urls: [url(1)] })).rejects.toThrow();
    expect([test.vod.spentToday, test.vod.log.length]).toEqual([units, units]);
  });

  it("answer without logging or spending when the fault has an answer of its own", async () => {
    test.vod.inject({ fault: { kind: "answer", status: 503, body: "busy" } });
    expect((await post({ urls: [url(1)] })).status).toBe(503);
    expect([test.vod.spentToday, test.vod.log.length]).toEqual([0, 0]);
    test.vod.inject({ fault: { kind: "answer", status: 503, body: "busy" } });
    test.vod.clearFaults();
    expect((await post({ urls: [url(1)] })).status).toBe(202);
  });
});

it("logs the time, the request and the outcome of every call", async () => {
  const preheating = `/v1.0/${test.vod.projectId}/asset/preheating`;
  const start = test.clock.now();
  const taskId = await taskOf({ urls: [url(1), url(2)] });
  test.clock.advance(SECOND);
  await query(taskId);
  await post({ asset_id: assetId });
  await post({ asset_id: unpublishedId });
  await send({ keys: { ...test.vod.user, sk: "wrong" } });
  await info(assetId);
  expect(test.vod.log).toEqual([
    { at: start, method: "POST", path: preheating, status: 202, accepted: [url(1), url(2)] },
    { at: start + SECOND, method: "GET", path: preheating, status: 200, accepted: [] },
    { at: start + SECOND, method: "POST", path: preheating, status: 202, accepted: [assetId] },
    { at: start + SECOND, method: "POST", path: preheating, status: 403, accepted: [] },
    { at: start + SECOND, method: "GET", path: preheating, status: 401, accepted: [] },
    { at: start + SECOND, method: "GET", path: `/v1.0/${test.vod.projectId}/asset/info`, status: 200, accepted: [] },
  ]);
});
