/** The emulator's lock-out of keys and its tokens. */

import { describe, expect, it } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../providers/clock-harness.ts";
import { exchange } from "../../providers/huawei/official-harness.ts";
import { assetId, expectError, huaweiForEachTest } from "./emulator-harness.ts";

const test = huaweiForEachTest();
const { send, info, signed, expectAccepted } = test;

describe("the lock-out", () => {
  const fail = async (times: number) => {
    for (let done = 0; done < times; done += 1) {
      expectError(await send({ query: { task_id: "any" }, keys: { ...test.vod.user, sk: "wrong" } }), 401, "APIGW.0301");
    }
  };

  it("refuses correct signatures for five minutes after six failures in a row", async () => {
    await fail(6);
    const locked = await info(assetId);
    expectError(locked, 401, "APIGW.0301");
    expect(locked.json?.error_msg).toContain("reach the limit");
    test.clock.advance(5 * MINUTE - SECOND);
    expectError(await info(assetId), 401, "APIGW.0301");
    test.clock.advance(SECOND);
    await expectAccepted();
  });

  it("counts from zero again after a correct signature", async () => {
    for (let round = 0; round < 2; round += 1) {
      await fail(5);
      await expectAccepted();
    }
  });
});

describe("tokens", () => {
  const loginBody = (password = test.vod.user.password, projectId = test.vod.projectId) => ({
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: test.vod.user.user, password, domain: { name: test.vod.user.domain } } },
      },
      scope: { project: { id: projectId } },
    },
  });
  const login = (body: object) =>
    exchange({
      method: "POST",
      url: `${test.vod.endpoint}/v3/auth/tokens?nocatalog=true`,
      headers: { "content-type": "application/json;charset=utf8" },
      body: JSON.stringify(body),
    });
  const ask = (token: string) =>
    exchange({
      method: "GET",
      url: `${test.vod.endpoint}/v1.0/${test.vod.projectId}/asset/info?asset_id=${assetId}`,
      headers: { "x-auth-token": token },
    });

  it("issues a token with its expiry at a login", async () => {
    const { status, headers, json } = await login(loginBody());
    expect(status).toBe(201);
    expect(json?.token?.expires_at).toBe(new Date(test.clock.now() + 24 * HOUR).toISOString());
    expect(test.vod.logins).toBe(1);
    expect((await ask(String(headers["x-subject-token"]))).status).toBe(200);
  });

  it("refuses an expired token", async () => {
    const token = test.vod.issueToken();
    test.clock.advance(24 * HOUR - SECOND);
    expect((await ask(token)).status).toBe(200);
    test.clock.advance(SECOND);
    expectError(await ask(token), 401, "APIGW.0307");
  });

  it("accepts older tokens beside newer ones until all are revoked", async () => {
    const tokens = [test.vod.issueToken(), test.vod.issueToken()];
    for (const token of tokens) expect((await ask(token)).status).toBe(200);
    test.vod.revokeTokens();
    for (const token of tokens) expectError(await ask(token), 401, "APIGW.0301");
  });

  it.each(["", "made-up"])("refuses the unknown token %j", async (token) => {
    expectError(await ask(token), 401, "APIGW.0301");
  });

  it("refuses a request with neither token nor signature", async () => {
    expectError(await exchange({ method: "GET", url: signed().url, headers: {} }), 401, "APIGW.0301");
  });

  it.each([
    ["a wrong password", () => loginBody("wrong")],
    ["another project", () => loginBody(undefined, "another")],
    ["an empty body", () => ({})],
  ])("refuses a login with %s in IAM's own error format", async (_, body) => {
    const { status, json, headers } = await login(body());
    expect(status).toBe(401);
    expect(json).toEqual({ error: { code: 401, message: expect.any(String), title: "Unauthorized" } });
    expect(headers["x-subject-token"]).toBeUndefined();
    expect(test.vod.logins).toBe(1);
  });
});
