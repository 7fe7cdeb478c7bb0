/** Each kind of credentials against an emulator that locks keys and counts logins as the vendor does. */

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Provider, StatusRow } from "../../../src/prefetch/model/provider.ts";
import { countingCall, failureOf, shownOf } from "../../contract/provider.ts";
import { HOUR, MINUTE, SECOND } from "../clock-harness.ts";
import { assetId, credentialKinds, type HuaweiHarness, refusal, type Setup, securityToken, startHuawei } from "./harness.ts";

const asset = { kind: "asset", assetId } as const;
const tokenLifeMs = 24 * HOUR;

let huawei: HuaweiHarness;
let closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function start(setup: Setup = {}): Promise<HuaweiHarness> {
  huawei = await startHuawei(setup);
  closing.push(huawei.close);
  return huawei;
}

const submit = (provider: Provider = huawei.provider, call = countingCall()) => provider.submit(asset, call);
const lookUp = (provider: Provider = huawei.provider, call = countingCall()) => Promise.resolve(provider.resolveAsset?.(assetId, call));
const ask = (taskId: string, call = countingCall()): Promise<StatusRow[] | undefined> =>
  Promise.resolve(huawei.provider.status?.({ vendorTaskIds: [taskId] }, call));

const refused = refusal(401, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail");

describe("each kind of credentials", () => {
  it.each(credentialKinds)("authenticates every call: %s", async (kind) => {
    await start({ kind });
    const { vendorTaskIds } = await submit();
    expect((await ask(vendorTaskIds[0] ?? ""))?.length).toBe(3);
    expect((await lookUp())?.urls.length).toBe(3);
    expect(huawei.vod.log.filter((entry) => entry.status >= 400)).toEqual([]);
    expect(huawei.vod.logins).toBe(kind === "login" ? 1 : 0);
  });
});

describe("access keys", () => {
  it("date each signature after the wait for a turn", async () => {
    await start();
    const { clock } = huawei;
    // A signature from before this wait would have expired.
    const turn = async () => clock.advance(20 * MINUTE);
    expect((await huawei.provider.submit(asset, { signal: new AbortController().signal, turn })).vendorTaskIds).toHaveLength(1);
  });

  it("need their token when they are temporary", async () => {
    await start({ kind: "temporary keys" });
    const { credentials, another } = huawei;
    if (credentials.kind !== "keys") throw new Error("These credentials are not keys");
    for (const wrong of [undefined, "another-token"]) {
      const provider = another({ credentials: { ...credentials, securityToken: wrong } });
      expect(await failureOf(submit(provider))).toMatchObject({ code: "auth_failed", vendorCode: "APIGW.0301", delivery: "refused" });
    }
    expect((await submit()).vendorTaskIds).toHaveLength(1);
  });

  const wrongKeys = async () => {
    await start();
    const { user } = huawei.vod;
    return huawei.another({ credentials: { kind: "keys", ak: user.ak, sk: "wrong-secret-key" } });
  };

  it("are not tried again within five minutes of a refusal", async () => {
    const provider = await wrongKeys();
    const { vod, clock } = huawei;
    const call = countingCall();
    expect(await failureOf(submit(provider, call))).toMatchObject({ code: "auth_failed", delivery: "refused", retryable: false });
    expect([vod.log.length, call.turns]).toEqual([1, 1]);

    const later = countingCall();
    for (const wait of [0, MINUTE, 4 * MINUTE - SECOND]) {
      clock.advance(wait);
      for (const work of [submit(provider, later), lookUp(provider, later), provider.status?.({ vendorTaskIds: ["x"] }, later)]) {
        const error = await failureOf(Promise.resolve(work));
        expect(error).toMatchObject({ code: "auth_failed", delivery: "not_sent", retryable: false, vendorCode: "APIGW.0301" });
        expect(error.hint).toContain("HUAWEICLOUD_SDK_AK");
        expect(error.hint).toContain("HUAWEICLOUD_SDK_SK");
        expect(error.hint).toContain("2026-11-21T12:05:00.000Z");
      }
    }
    expect([vod.log.length, later.turns]).toEqual([1, 0]);

    clock.advance(SECOND);
    expect(await failureOf(submit(provider))).toMatchObject({ delivery: "refused" });
    expect(vod.log.length).toBe(2);
    expect(await failureOf(submit(provider))).toMatchObject({ delivery: "not_sent" });
    expect(vod.log.length).toBe(2);
  });

  it("work again when the vendor accepts them after five minutes", async () => {
    await start();
    const { vod, clock } = huawei;
    vod.inject({ fault: refused });
    expect(await failureOf(submit())).toMatchObject({ code: "auth_failed" });
    clock.advance(5 * MINUTE);
    for (let sent = 0; sent < 3; sent += 1) expect((await submit()).vendorTaskIds).toHaveLength(1);
  });

  it.each([HOUR, -HOUR])("are tried again after five minutes when the clock is set by %d ms meanwhile", async (stepMs) => {
    const provider = await wrongKeys();
    const { clock } = huawei;
    await failureOf(submit(provider));
    clock.step(stepMs);
    clock.advance(5 * MINUTE - SECOND);
    expect(await failureOf(submit(provider))).toMatchObject({ delivery: "not_sent" });
    clock.advance(SECOND);
    expect(await failureOf(submit(provider))).toMatchObject({ delivery: "refused" });
  });

  it("are not locked by repeated calls", async () => {
    const provider = await wrongKeys();
    for (let tried = 0; tried < 20; tried += 1) await failureOf(submit(provider));
    // The emulator locks the access key after more than five failures, also for the provider with the right secret.
    expect((await submit()).vendorTaskIds).toHaveLength(1);
  });

  it("are not locked by concurrent calls", async () => {
    const provider = await wrongKeys();
    const errors = await Promise.all(Array.from({ length: 20 }, () => failureOf(submit(provider))));
    for (const error of errors) expect(error).toMatchObject({ code: "auth_failed" });
    expect((await submit()).vendorTaskIds).toHaveLength(1);
  });

  it("are reported as locked when other processes have locked them", async () => {
    const wrong = { kind: "keys", ak: (await start()).vod.user.ak, sk: "wrong-secret-key" } as const;
    // Each provider stands for another process: they share no breaker.
    for (let tried = 0; tried < 6; tried += 1) await failureOf(submit(huawei.another({ credentials: wrong })));
    const error = await failureOf(submit());
    expect(error).toMatchObject({ code: "auth_failed", vendorCode: "APIGW.0301" });
    expect(error.hint).toMatch(/locked .* five minutes/);
    huawei.clock.advance(5 * MINUTE);
    expect((await submit()).vendorTaskIds).toHaveLength(1);
  });

  it("serve concurrent calls once they are proven", async () => {
    await start();
    for (const { vendorTaskIds } of await Promise.all(Array.from({ length: 20 }, () => submit()))) expect(vendorTaskIds).toHaveLength(1);
    // Proven keys let calls pass a call that waits for its turn.
    const gate = Promise.withResolvers<void>();
    const slow = huawei.provider.submit(asset, { signal: new AbortController().signal, turn: () => gate.promise });
    expect((await submit()).vendorTaskIds).toHaveLength(1);
    gate.resolve();
    expect((await slow).vendorTaskIds).toHaveLength(1);
  });

  it("are proven by any answer that does not refuse them", async () => {
    await start();
    huawei.vod.inject({ fault: refusal(403, "VOD.10086") });
    expect(await failureOf(submit())).toMatchObject({ code: "quota_exhausted" });
    const gate = Promise.withResolvers<void>();
    const slow = huawei.provider.submit(asset, { signal: new AbortController().signal, turn: () => gate.promise });
    // A look-up takes no turn. The signal only ends the test early when it fails.
    const found = await lookUp(undefined, countingCall(AbortSignal.timeout(2_000))).catch((error: unknown) => error);
    gate.resolve();
    await slow;
    expect(found).toHaveProperty("urls.length", 3);
  });

  it("are not tried after a refusal by calls that wait for their turn", async () => {
    await start();
    await submit();
    const { vod } = huawei;
    const gate = Promise.withResolvers<void>();
    const waiting = failureOf(huawei.provider.submit(asset, { signal: new AbortController().signal, turn: () => gate.promise }));
    vod.inject({ fault: refused });
    expect(await failureOf(submit())).toMatchObject({ code: "auth_failed", delivery: "refused" });
    gate.resolve();
    expect(await waiting).toMatchObject({ code: "auth_failed", delivery: "not_sent" });
    expect(huawei.count("POST", "preheating")).toBe(1);
  });

  it("let waiting calls be stopped, and go on after a failed call, while they are unproven", async () => {
    await start();
    const gate = Promise.withResolvers<void>();
    const first = failureOf(huawei.provider.submit(asset, { signal: new AbortController().signal, turn: () => gate.promise }));
    const stop = new AbortController();
    const stopped = failureOf(
      huawei.provider.submit(asset, {
        signal: stop.signal,
        // Never reached, because this call waits for the first one.
        turn: () =>
          new Promise((_, reject) => stop.signal.addEventListener("abort", () => reject(new PrefetchError("cancelled", "No turn")))),
      }),
    );
    const third = submit();
    stop.abort();
    expect(await stopped).toMatchObject({ code: "cancelled", delivery: "not_sent" });
    gate.reject(new PrefetchError("cancelled", "No turn for the first one"));
    expect(await first).toMatchObject({ message: "No turn for the first one" });
    expect((await third).vendorTaskIds).toHaveLength(1);
  });

  it("stay in use after refusals for other causes", async () => {
    await start();
    const { vod } = huawei;
    for (const [status, code] of [
      [403, "VOD.10074"],
      [403, "VOD.10057"],
      [429, "APIGW.0308"],
      [500, "VOD.10051"],
    ] as const) {
      vod.inject({ fault: refusal(status, code) });
      expect(await failureOf(submit())).toMatchObject({ vendorCode: code });
      expect((await submit()).vendorTaskIds).toHaveLength(1);
    }
  });

  it.each([
    [20, "20 minutes ahead of"],
    [-33, "33 minutes behind"],
  ])("are refused with the clock as the reason when it is %d minutes off", async (off, words) => {
    await start();
    const { clock, vod, another } = huawei;
    const wrong = { ...clock, now: () => clock.now() + off * MINUTE };
    const error = await failureOf(submit(another({ clock: wrong })));
    expect(error).toMatchObject({ code: "auth_failed", vendorCode: "APIGW.0303", retryable: false, delivery: "refused" });
    expect(error.message).toContain(words);
    expect(error.hint).toMatch(/clock/i);
    expect(vod.log.length).toBe(1);
  });
});

describe("a token from the settings", () => {
  it("is not renewed after a refusal", async () => {
    await start({ kind: "token" });
    const { vod, clock } = huawei;
    expect((await submit()).vendorTaskIds).toHaveLength(1);
    clock.advance(tokenLifeMs);
    const error = await failureOf(submit());
    expect(error).toMatchObject({ code: "auth_failed", vendorCode: "APIGW.0307", delivery: "refused", retryable: false });
    expect(error.hint).toMatch(/token/);
    expect([vod.log.length, vod.logins]).toEqual([2, 0]);
  });
});

describe("a login", () => {
  const counts = () => [huawei.vod.logins, huawei.count("POST", "preheating")];

  it("is made once for concurrent calls, and its token is kept", async () => {
    await start({ kind: "login" });
    // The delay makes all calls wait for the login.
    huawei.vod.inject({ fault: { kind: "delay", ms: 50 } });
    const sent = await Promise.all(Array.from({ length: 10 }, () => submit()));
    expect(sent.map((submission) => submission.vendorTaskIds.length)).toEqual(Array(10).fill(1));
    expect(counts()).toEqual([1, 10]);
    huawei.clock.advance(20 * HOUR);
    await submit();
    expect(counts()).toEqual([1, 11]);
  });

  it("is repeated before its token expires", async () => {
    await start({ kind: "login" });
    const { clock, vod } = huawei;
    await submit();
    clock.advance(tokenLifeMs - 31 * MINUTE);
    await submit();
    expect(vod.logins).toBe(1);
    clock.advance(2 * MINUTE);
    await submit();
    expect(vod.logins).toBe(2);
    await submit();
    expect(vod.logins).toBe(2);
    // No request used an expired token.
    expect(vod.log.filter((entry) => entry.status === 401)).toEqual([]);
  });

  it("is repeated when its token was revoked, and so is the request", async () => {
    await start({ kind: "login" });
    const { vod } = huawei;
    await submit();
    vod.revokeTokens();
    const call = countingCall();
    expect((await submit(undefined, call)).vendorTaskIds).toHaveLength(1);
    expect(vod.logins).toBe(2);
    // The first submit, the refused one and its repetition take one turn each.
    expect(vod.log.filter((entry) => entry.path.endsWith("preheating")).map((entry) => entry.status)).toEqual([202, 401, 202]);
    expect(call.turns).toBe(2);
  });

  it("is repeated once for concurrent calls with a revoked token", async () => {
    await start({ kind: "login" });
    const { vod } = huawei;
    await submit();
    vod.revokeTokens();
    // All calls hold the old token before the vendor refuses the first one.
    const turns = Array.from({ length: 10 }, () => Promise.withResolvers<void>());
    let waiting = 0;
    const all = turns.map(({ promise }) => {
      let taken = 0;
      const turn = async () => {
        taken += 1;
        if (taken > 1) return;
        waiting += 1;
        if (waiting === turns.length) for (const { resolve } of turns) resolve();
        await promise;
      };
      return huawei.provider.submit(asset, { signal: new AbortController().signal, turn });
    });
    for (const { vendorTaskIds } of await Promise.all(all)) expect(vendorTaskIds).toHaveLength(1);
    expect(vod.logins).toBe(2);
  });

  it("is not repeated for a late refusal of an older token", async () => {
    await start({ kind: "login" });
    const held = Promise.withResolvers<void>();
    const received = Promise.withResolvers<void>();
    let oldToken: unknown;
    const endpoint = await listen((request, response) => {
      request.resume();
      const token = request.headers["x-auth-token"];
      oldToken ??= token;
      const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
      if (token !== oldToken) answer(200, { task_id: "t", asset_info_array: [{ status: "PUBLISHED" }] });
      else if (request.method === "GET") answer(401, {});
      else {
        received.resolve();
        void held.promise.then(() => answer(401, {}));
      }
    });
    const provider = huawei.another({ endpoint });
    const late = submit(provider);
    await received.promise;
    // The look-up is refused and fetches a new token, while the submit with the old one is in flight.
    await lookUp(provider);
    held.resolve();
    expect((await late).vendorTaskIds).toEqual(["t"]);
    expect(huawei.vod.logins).toBe(2);
  });

  it("is given up when a new token is refused, too", async () => {
    await start({ kind: "login" });
    const { vod } = huawei;
    await submit();
    for (const after of [0, 1]) vod.inject({ fault: refused, method: "POST", after });
    const call = countingCall();
    expect(await failureOf(submit(undefined, call))).toMatchObject({ code: "auth_failed", delivery: "refused" });
    expect([vod.logins, call.turns]).toEqual([2, 2]);
    expect(await failureOf(submit(undefined, call))).toMatchObject({ code: "auth_failed", delivery: "not_sent" });
    expect([vod.logins, call.turns]).toEqual([2, 2]);
    huawei.clock.advance(5 * MINUTE);
    expect((await submit()).vendorTaskIds).toHaveLength(1);
  });

  it("is not tried again within five minutes of a wrong password", async () => {
    await start({ kind: "login" });
    const { vod, clock, another, credentials } = huawei;
    if (credentials.kind !== "password") throw new Error("These credentials are not a login");
    const provider = another({ credentials: { ...credentials, password: "wrong-password" } });
    const call = countingCall();
    const error = await failureOf(submit(provider, call));
    expect(error).toMatchObject({ code: "auth_failed", vendorCode: "401", delivery: "not_sent", retryable: false });
    expect(error.message).toContain("login");
    expect(shownOf(error)).not.toContain("wrong-password");

    clock.advance(5 * MINUTE - SECOND);
    for (const work of [submit(provider, call), lookUp(provider, call)]) {
      expect(await failureOf(work)).toMatchObject({ code: "auth_failed", delivery: "not_sent" });
    }
    expect([vod.log.length, vod.logins, call.turns]).toEqual([1, 1, 0]);

    clock.advance(SECOND);
    await failureOf(submit(provider, call));
    expect([vod.log.length, vod.logins, call.turns]).toEqual([2, 2, 0]);
  });

  it("fails once for all concurrent calls", async () => {
    await start({ kind: "login" });
    const { vod, another, credentials } = huawei;
    if (credentials.kind !== "password") throw new Error("These credentials are not a login");
    const provider = another({ credentials: { ...credentials, password: "wrong-password" } });
    const errors = await Promise.all(Array.from({ length: 10 }, () => failureOf(submit(provider))));
    for (const error of errors) expect(error).toMatchObject({ code: "auth_failed", delivery: "not_sent" });
    expect(vod.logins).toBe(1);
  });

  it("leaves the request not_sent when it meets a fault", async () => {
    await start({ kind: "login" });
    const { vod } = huawei;
    vod.inject({ fault: { kind: "answer", status: 503, body: "" } });
    expect(await failureOf(submit())).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent", retryable: true });
    vod.inject({ fault: { kind: "answer", status: 504, body: "" } });
    expect(await failureOf(submit())).toMatchObject({ code: "timeout", delivery: "not_sent", retryable: true });
    for (const when of ["before", "after"] as const) {
      vod.inject({ fault: { kind: "reset", when } });
      expect(await failureOf(submit())).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent", retryable: true });
    }
    expect(huawei.count("POST", "preheating")).toBe(0);
    expect((await submit()).vendorTaskIds).toHaveLength(1);
  });

  it("fails when its answer has no token", async () => {
    await start({ kind: "login" });
    huawei.vod.inject({ fault: { kind: "answer", status: 201, body: "{}" } });
    expect(await failureOf(submit())).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent" });
    expect(huawei.count("POST", "preheating")).toBe(0);
  });

  /** A provider whose login is answered when `answer` is called. */
  const slowLogin = async () => {
    await start({ kind: "login" });
    const { vod, another, credentials } = huawei;
    if (credentials.kind !== "password") throw new Error("These credentials are not a login");
    const held = Promise.withResolvers<void>();
    const received = Promise.withResolvers<void>();
    const iam = await listen((request, response) => {
      request.resume();
      received.resolve();
      void held.promise.then(() => response.writeHead(201, { "x-subject-token": vod.issueToken() }).end("{}"));
    });
    return {
      provider: another({ credentials: { ...credentials, iamEndpoint: iam } }),
      loginReceived: received.promise,
      answer: () => held.resolve(),
    };
  };

  it("goes on for other calls when the call that started it is stopped", async () => {
    const { provider, loginReceived, answer } = await slowLogin();
    const stop = new AbortController();
    const stopped = failureOf(submit(provider, countingCall(stop.signal)));
    const other = submit(provider);
    await loginReceived;
    stop.abort();
    expect(await stopped).toMatchObject({ code: "cancelled", delivery: "not_sent" });
    answer();
    expect((await other).vendorTaskIds).toHaveLength(1);
  });

  it("stops at once for a stopped call while it goes on for another", async () => {
    const { provider, loginReceived, answer } = await slowLogin();
    const first = submit(provider);
    const stop = new AbortController();
    const stopped = failureOf(submit(provider, countingCall(stop.signal)));
    await loginReceived;
    stop.abort();
    expect(await stopped).toMatchObject({ code: "cancelled", delivery: "not_sent" });
    answer();
    expect((await first).vendorTaskIds).toHaveLength(1);
  });

  it("fails with a message that claims no unknown outcome", async () => {
    await start({ kind: "login" });
    huawei.vod.inject({ fault: { kind: "reset", when: "before" } });
    const error = await failureOf(submit());
    expect(error.delivery).toBe("not_sent");
    expect(error.message).not.toContain("not known");
  });

  it("sends no request without a token when it fails", async () => {
    await start({ kind: "login" });
    const { vod, another } = huawei;
    const tokens: unknown[] = [];
    const endpoint = await listen((request, response) => {
      tokens.push(request.headers["x-auth-token"]);
      request.resume();
      request.on("end", () => response.writeHead(401).end());
    });
    const provider = another({ endpoint });
    const gate = Promise.withResolvers<void>();
    const waiting = failureOf(provider.submit(asset, { signal: new AbortController().signal, turn: () => gate.promise }));
    // While that call waits for its turn, another call's token is refused and its new login fails.
    vod.inject({ fault: { kind: "answer", status: 503, body: "" }, after: 1 });
    expect(await failureOf(submit(provider))).toMatchObject({ code: "vendor_unavailable", delivery: "not_sent" });
    expect(tokens).toHaveLength(1);
    gate.resolve();
    await waiting;
    for (const token of tokens) expect(token).toMatch(/^\S{50,}$/);
  });

  it("keeps its token out of messages that echo it", async () => {
    await start({ kind: "login" });
    const { vod, another, credentials } = huawei;
    if (credentials.kind !== "password") throw new Error("These credentials are not a login");
    const token = vod.issueToken();
    const iam = await listen((_, response) => {
      const expires = new Date(huawei.clock.now() + tokenLifeMs).toISOString();
      response.writeHead(201, { "x-subject-token": token }).end(JSON.stringify({ token: { expires_at: expires } }));
    });
    const provider = another({ credentials: { ...credentials, iamEndpoint: iam } });
    expect((await submit(provider)).vendorTaskIds).toHaveLength(1);
    vod.inject({ fault: refusal(403, "VOD.10057", `Tenant check failed for ${token}`) });
    const error = await failureOf(submit(provider));
    expect(error.message).toContain("Tenant check failed");
    expect(shownOf(error)).not.toContain(token);
  });

  it("sends the documented request to IAM", async () => {
    await start({ kind: "login" });
    const { another, credentials, vod } = huawei;
    if (credentials.kind !== "password") throw new Error("These credentials are not a login");
    const seen: unknown[] = [];
    const iam = await listen((request, response) => {
      seen.push(request.method, request.url, request.headers["content-type"]);
      request.on("data", (chunk) => seen.push(JSON.parse(String(chunk))));
      request.on("end", () => response.writeHead(503).end());
    });
    await failureOf(submit(another({ credentials: { ...credentials, iamEndpoint: iam } })));
    const { user, password, domain } = vod.user;
    expect(seen).toEqual([
      "POST",
      "/v3/auth/tokens?nocatalog=true",
      "application/json;charset=utf8",
      {
        auth: {
          identity: { methods: ["password"], password: { user: { name: user, password, domain: { name: domain } } } },
          scope: { project: { id: vod.projectId } },
        },
      },
    ]);
  });
});

describe("the sent headers", () => {
  const headersOf = async (setup: Setup): Promise<Readonly<Record<string, string | string[] | undefined>>> => {
    await start(setup);
    let headers: Readonly<Record<string, string | string[] | undefined>> = {};
    const endpoint = await listen((request, response) => {
      headers = request.headers;
      request.resume();
      request.on("end", () => response.writeHead(503).end());
    });
    await failureOf(submit(huawei.another({ endpoint })));
    return headers;
  };

  it("of keys are signed except those that the client adds", async () => {
    const headers = await headersOf({ kind: "temporary keys" });
    expect(headers.authorization).toMatch(
      /^SDK-HMAC-SHA256 Access=\S+, SignedHeaders=content-type;host;x-project-id;x-sdk-date;x-security-token, Signature=[0-9a-f]{64}$/,
    );
    expect(headers).toMatchObject({
      "x-security-token": securityToken,
      "x-project-id": huawei.vod.projectId,
      "content-type": "application/json",
    });
    expect(headers).not.toHaveProperty("x-auth-token");
  });

  it.each(["token", "login"] as const)("of a %s contain the token and no signature", async (kind) => {
    const headers = await headersOf({ kind });
    expect(headers["x-auth-token"]).toMatch(/^\S{50,}$/);
    expect(headers).not.toHaveProperty("authorization");
  });
});

/** Starts a plain server on loopback, for headers that the emulator does not log. Returns its URL. */
async function listen(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    return closed;
  });
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
