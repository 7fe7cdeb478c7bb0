/** RPC calls against a server that records requests: signatures, the one repetition, turns and answers. */

import { createHash, createHmac, randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { createSecrets } from "../../../src/base/secrets.ts";
import type { Call } from "../../../src/prefetch/model/provider.ts";
import { profileKeys } from "../../../src/providers/alibaba/credentials.ts";
import { createRpc, type Rpc, type RpcOptions, type RpcRequest } from "../../../src/providers/alibaba/rpc.ts";
import { vod } from "../../../src/providers/alibaba/vod-product.ts";
import { rememberKeys } from "../../../src/providers/kit/access-keys.ts";
import { createHttpClient } from "../../../src/providers/kit/http-client.ts";
import { countingCall, failureOf, shownOf } from "../../contract/provider.ts";
import { type HandClock, HOUR, handClock, MINUTE, SECOND } from "../clock-harness.ts";

const keys = { kind: "keys", id: "LTAI5tFakeKeyForTests001", secret: "fakeAccessKeySecretForTests001" } as const;
const securityToken = "CAISfakeSecurityToken+/0123456789==";
const emptyHash = createHash("sha256").update("").digest("hex");

interface Received {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Recorder {
  readonly url: string;
  readonly received: readonly Received[];
  /** Queues replies for the next requests. Later requests get `{}`. */
  reply(...replies: readonly Reply[]): void;
}

let closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function recorder(): Promise<Recorder> {
  const received: Received[] = [];
  const replies: Reply[] = [];
  const server = createServer({ maxHeaderSize: 262_144 }, (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
      received.push({ method: request.method ?? "", target: request.url ?? "", headers, body });
      const { status = 200, headers: said = {}, body: text = "{}" } = replies.shift() ?? {};
      response.sendDate = false;
      response.writeHead(status, { ...said }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received, reply: (...more) => replies.push(...more) };
}

interface Bench extends Recorder {
  readonly clock: HandClock;
  readonly rpc: Rpc;
  readonly secrets: ReadonlySet<string>;
  ask(more?: Partial<RpcRequest>): ReturnType<Rpc>;
}

async function bench(options: Partial<RpcOptions> = {}): Promise<Bench> {
  const server = await recorder();
  const clock = handClock();
  const secrets = new Set<string>();
  const http = createHttpClient({ provider: "alibaba-vod", userAgent: "test", clock });
  closing.push(() => http.close());
  const known = createSecrets();
  const onKeys: RpcOptions["onKeys"] = (used) => {
    for (const value of [used.id, used.secret, used.securityToken]) if (value !== undefined) secrets.add(value);
    rememberKeys(known, used);
  };
  const rpc = createRpc({ product: vod, http, clock, credentials: keys, redact: createRedactor(known), onKeys, ...options });
  const ask = (more: Partial<RpcRequest> = {}) =>
    rpc({
      endpoint: { url: server.url },
      action: "DescribeVodRefreshQuota",
      params: {},
      intent: "read",
      what: "the quota query",
      call: countingCall(),
      counted: true,
      ...more,
    });
  return { ...server, clock, rpc, secrets, ask };
}

/** Computes the signature of a received request by the vendor's guide, and compares. The query counts in its sent spelling. */
function expectSigned(request: Received, secret: string = keys.secret): void {
  const { headers, method, target, body } = request;
  const [, id, names = "", signature] =
    /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? "") ?? [];
  expect(id).toBe(keys.id);
  const signed = names.split(";");
  const mustBe = Object.keys(headers).filter((name) => name === "host" || name === "content-type" || name.startsWith("x-acs-"));
  expect(signed).toEqual(mustBe.sort());
  const [path, query = ""] = target.split("?");
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const canonical = [method, path, query, ...signed.map((name) => `${name}:${headers[name]}`), "", names, hash(body)].join("\n");
  const expected = createHmac("sha256", secret)
    .update(`ACS3-HMAC-SHA256\n${hash(canonical)}`)
    .digest("hex");
  expect(signature).toBe(expected);
}

const refusal = (Code: string, { status = 400, headers = {} }: Reply = {}): Reply => ({
  status,
  headers,
  body: JSON.stringify({ RequestId: "0A1B", Code, Message: "The vendor's reason." }),
});
const nonceOf = ({ headers }: Received) => headers["x-acs-signature-nonce"];
const dateOf = ({ headers }: Received) => headers["x-acs-date"];
const dated = (ms: number) => ({ date: new Date(ms).toUTCString() });

describe("an RPC call", () => {
  it("sends its parameters in the signed query, with an empty body", async () => {
    const { ask, received, url } = await bench();
    const params = {
      ObjectPath: "https://vod.example.net/a b+c.mp4?x=1&y=%20\nhttps://vod.example.net/é*.mp4",
      Area: "overseas",
      L2Preload: "",
    };
    await ask({ action: "PreloadVodObjectCaches", params, intent: "spend" });
    const [request, ...others] = received;
    if (!request) throw new Error("Nothing was sent");
    expect(others).toEqual([]);
    expect(request).toMatchObject({
      method: "POST",
      body: "",
      target:
        "/?Area=overseas&L2Preload=&ObjectPath=https%3A%2F%2Fvod.example.net%2Fa%20b%2Bc.mp4%3Fx%3D1%26y%3D%2520%0Ahttps%3A%2F%2Fvod.example.net%2F%C3%A9%2A.mp4",
      headers: {
        host: new URL(url).host,
        "x-acs-action": "PreloadVodObjectCaches",
        "x-acs-version": "2017-03-21",
        "x-acs-date": "2026-11-21T12:00:00Z",
        "x-acs-content-sha256": emptyHash,
      },
    });
    expect(request.headers).not.toHaveProperty("x-acs-security-token");
    expect(request.headers).not.toHaveProperty("content-type");
    expectSigned(request);
  });

  it("leaves out undefined parameters, and the query when there are none", async () => {
    const { ask, received } = await bench();
    await ask({ params: { Area: undefined, L2Preload: undefined } });
    await ask({ params: { Area: undefined, Formats: "mp4" } });
    expect(received.map((request) => request.target)).toEqual(["/", "/?Formats=mp4"]);
    for (const request of received) expectSigned(request);
  });

  it("requests the root path of its endpoint", async () => {
    const { ask, received, url } = await bench();
    await ask({ endpoint: { url: `${url}/` } });
    await ask({ endpoint: { url } });
    expect(received.map((request) => request.target)).toEqual(["/", "/"]);
  });

  it("sends and signs the security token of temporary keys", async () => {
    const { ask, received } = await bench({ credentials: { ...keys, securityToken } });
    await ask();
    const [request] = received;
    if (!request) throw new Error("Nothing was sent");
    expect(request.headers["x-acs-security-token"]).toBe(securityToken);
    expect(request.headers.authorization).toContain("x-acs-security-token");
    expectSigned(request);
  });

  it("signs and sends the configured host when the endpoint is a gateway", async () => {
    const { ask, received, url } = await bench();
    await ask({ endpoint: { url, signHost: "vod.cn-shanghai.aliyuncs.com" } });
    const [request] = received;
    if (!request) throw new Error("Nothing was sent");
    expect(request.headers.host).toBe("vod.cn-shanghai.aliyuncs.com");
    expectSigned(request);
  });

  it("reports the keys that it uses", async () => {
    const { ask, secrets } = await bench({ credentials: { ...keys, securityToken } });
    await ask();
    expect(secrets).toEqual(new Set([keys.id, keys.secret, securityToken]));
  });

  it("takes a nonce and a turn for each of 50 concurrent calls", async () => {
    const { ask, received } = await bench();
    const call = countingCall();
    await Promise.all(Array.from({ length: 50 }, (_, index) => ask({ params: { PageNumber: String(index) }, call })));
    expect(received).toHaveLength(50);
    expect(call.turns).toBe(50);
    expect(new Set(received.map(nonceOf)).size).toBe(50);
    expect(new Set(received.map((request) => request.target)).size).toBe(50);
    for (const request of received) expectSigned(request);
  });
});

describe("a form", () => {
  it("carries the parameters in the signed body, and the query stays empty", async () => {
    const { ask, received } = await bench();
    await ask({ form: true, params: { ObjectPath: "https://a.example/é\nhttps://a.example/b", ObjectType: "File", Force: undefined } });
    const [sent] = received;
    const body = "ObjectPath=https%3A%2F%2Fa.example%2F%C3%A9%0Ahttps%3A%2F%2Fa.example%2Fb&ObjectType=File";
    expect(sent).toMatchObject({ target: "/", body });
    expect(sent?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    expect(sent?.headers["x-acs-content-sha256"]).toBe(createHash("sha256").update(body).digest("hex"));
    expect(sent?.headers.authorization).toContain("SignedHeaders=content-type;host;");
  });
});

describe("an RPC answer", () => {
  it("returns the body, the request id and the vendor's clock offset", async () => {
    const { ask, clock, reply } = await bench();
    reply({ headers: { "x-acs-request-id": "0A1B", ...dated(clock.now() + 12 * MINUTE) }, body: '{"PreloadQuota":"500"}' });
    expect(await ask()).toMatchObject({ requestId: "0A1B", clockOffset: 12 * MINUTE });
    reply({ headers: dated(clock.now() - 7 * SECOND) });
    expect(await ask()).toMatchObject({ requestId: undefined, clockOffset: -7 * SECOND });
  });

  it.each<Readonly<Record<string, string>>>([{}, { date: "yesterday" }])(
    "has no clock offset without a valid date: %j",
    async (headers) => {
      const { ask, reply } = await bench();
      reply({ headers });
      expect((await ask()).clockOffset).toBeUndefined();
    },
  );

  it("is a success when its code is one of the good codes", async () => {
    const { ask, reply } = await bench();
    reply({ body: '{"Code":"200","PreloadQuota":"500"}' }, { status: 202, body: '{"Code":"OK"}' });
    const anything = z.record(z.string(), z.unknown());
    expect((await ask()).read(anything)).toMatchObject({ PreloadQuota: "500" });
    expect((await ask()).read(anything)).toEqual({ Code: "OK" });
  });

  it("is an error when its body has an error code, whatever the status", async () => {
    const { ask, reply } = await bench();
    reply(refusal("QuotaExceeded.Refresh", { status: 200 }));
    expect(await failureOf(ask({ intent: "spend" }))).toMatchObject({ code: "quota_exhausted", delivery: "refused", requestId: "0A1B" });
    reply({ status: 502, body: "<html>Bad Gateway</html>" });
    expect(await failureOf(ask({ intent: "spend" }))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", retryable: true });
    reply({ status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "" });
    expect(await failureOf(ask({ intent: "spend" }))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
  });

  it.each(["", "<html>Welcome</html>", "{", "ok"])("is vendor_unavailable with the body %j", async (body) => {
    const { ask, reply, received } = await bench();
    reply({ headers: { "x-acs-request-id": "0A1B" }, body });
    const error = await failureOf(ask({ intent: "spend", what: "the prefetch" }));
    expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", requestId: "0A1B", provider: "alibaba-vod" });
    expect(error.message).toContain("the prefetch (HTTP 200)");
    expect(received).toHaveLength(1);
  });

  it("builds an error for a body that is not documented", async () => {
    const { ask, reply } = await bench();
    reply({ status: 202, headers: { "x-acs-request-id": "0A1B" }, body: "[]" });
    const error = (await ask({ what: "the prefetch", intent: "spend" })).unreadable();
    expect(error).toBeInstanceOf(PrefetchError);
    expect(error).toMatchObject({ code: "vendor_unavailable", delivery: "unknown", retryable: true, requestId: "0A1B" });
    reply({ status: 202, body: "[]" });
    expect((await ask({ intent: "read" })).unreadable()).toMatchObject({ delivery: "refused" });
    expect(error.message).toContain("the prefetch (HTTP 202)");
  });

  it("shows no secret in its error", async () => {
    const { ask, reply } = await bench({ credentials: { ...keys, securityToken } });
    const Message = `${keys.id} ${keys.secret} ${securityToken}`;
    reply({ status: 403, body: JSON.stringify({ Code: "InvalidAccessKeyId.NotFound", Message, RequestId: Message }) });
    const error = await failureOf(ask());
    for (const secret of [keys.id, keys.secret, securityToken]) expect(shownOf(error)).not.toContain(secret);
  });
});

describe("a second signature", () => {
  it.each([
    ["IllegalTimestamp", 20 * MINUTE],
    ["IllegalTimestamp", -20 * MINUTE],
    ["InvalidTimeStamp.Expired", 16 * MINUTE],
    ["InvalidTimeStamp", -400 * MINUTE],
  ])("adopts the vendor's clock after %s, %i ms off, for this and later calls", async (code, off) => {
    const { ask, received, reply, clock } = await bench();
    reply(refusal(code, { headers: dated(clock.now() + off) }));
    const call = countingCall();
    await ask({ call, intent: "spend" });
    const [first, second] = received;
    if (!first || !second) throw new Error("It was not sent twice");
    expect(call.turns).toBe(2);
    expect(dateOf(first)).toBe("2026-11-21T12:00:00Z");
    expect(Date.parse(dateOf(second) ?? "")).toBe(clock.now() + off);
    expect(nonceOf(second)).not.toBe(nonceOf(first));
    expectSigned(first);
    expectSigned(second);

    clock.advance(30 * SECOND);
    const next = countingCall();
    await ask({ call: next });
    expect(next.turns).toBe(1);
    expect(Date.parse(dateOf(received[2] ?? second) ?? "")).toBe(clock.now() + off);
  });

  it("adopts the vendor's clock again when this machine's clock was corrected", async () => {
    const { ask, received, reply, clock } = await bench();
    reply(refusal("IllegalTimestamp", { headers: dated(clock.now() + 20 * MINUTE) }));
    await ask();
    clock.advance(20 * MINUTE);
    // Now this machine's clock is right, and the adopted offset is wrong.
    reply(refusal("IllegalTimestamp", { headers: dated(clock.now()) }));
    await ask();
    expect(received.map((request) => (Date.parse(dateOf(request) ?? "") - clock.now()) / MINUTE)).toEqual([-20, 0, 20, 0]);
  });

  it.each([-5, 3])("keeps the vendor's time when this machine's clock is set by %i hours after the refusal", async (hours) => {
    const { ask, received, reply, clock } = await bench();
    const vendorNow = () => clock.monotonic() + 20 * MINUTE;
    reply(refusal("IllegalTimestamp", { headers: dated(vendorNow()) }));
    await ask();
    clock.step(hours * HOUR);
    clock.advance(30 * SECOND);
    await ask();
    expect(received.slice(1).map((request) => Date.parse(dateOf(request) ?? ""))).toEqual([vendorNow() - 30 * SECOND, vendorNow()]);
  });

  it("keeps this machine's clock after a success with another date", async () => {
    const { ask, received, reply, clock } = await bench();
    reply({ headers: dated(clock.now() + 12 * MINUTE) });
    await ask();
    await ask();
    expect(received.map(dateOf)).toEqual(["2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z"]);
  });

  it("has another nonce after SignatureNonceUsed", async () => {
    const { ask, received, reply } = await bench();
    reply(refusal("SignatureNonceUsed"));
    const call = countingCall();
    await ask({ call, intent: "read" });
    expect(received).toHaveLength(2);
    expect(call.turns).toBe(2);
    expect(new Set(received.map(nonceOf)).size).toBe(2);
    for (const request of received) expectSigned(request);
  });

  it("is not made for a spend after SignatureNonceUsed, because the vendor may have done the first request", async () => {
    const { ask, received, reply } = await bench();
    reply(refusal("SignatureNonceUsed"));
    const call = countingCall();
    expect(await failureOf(ask({ call, intent: "spend" }))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
    expect([received.length, call.turns]).toEqual([1, 1]);
  });

  it.each([
    ["SignatureNonceUsed", "read"],
    ["IllegalTimestamp", "spend"],
    ["InvalidTimeStamp.Expired", "spend"],
  ] as const)("is made only once for one call: %s", async (code, intent) => {
    const { ask, received, reply, clock } = await bench();
    reply(...Array.from({ length: 3 }, () => refusal(code, { headers: dated(clock.now() + 20 * MINUTE) })));
    const call = countingCall();
    expect(await failureOf(ask({ call, intent }))).toMatchObject({ vendorCode: code, delivery: "refused" });
    expect(received).toHaveLength(2);
    expect(call.turns).toBe(2);
  });

  it("uses this machine's clock when the refusal has no valid date", async () => {
    const { ask, received, reply } = await bench();
    reply(refusal("IllegalTimestamp", { headers: { date: "yesterday" } }));
    await ask();
    expect(received.map(dateOf)).toEqual(["2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z"]);
  });

  it.each([
    "SignatureDoesNotMatch",
    "Throttling.User",
    "InvalidSecurityToken.Expired",
    "InternalError",
    "IllegalTimestamps",
    "IllegalOperation",
  ])("is not made after %s", async (code) => {
    const { ask, received, reply } = await bench();
    reply(refusal(code, { status: 400 }));
    expect(await failureOf(ask())).toMatchObject({ vendorCode: code });
    expect(received).toHaveLength(1);
  });

  it("is made again for the next call", async () => {
    const { ask, received, reply } = await bench();
    for (let round = 0; round < 3; round += 1) {
      reply(refusal("SignatureNonceUsed"));
      await ask();
    }
    expect(received).toHaveLength(6);
  });
});

describe("the turn of a call", () => {
  it("is not taken by an uncounted call, not even for the second signature", async () => {
    const { ask, received, reply } = await bench();
    reply(refusal("SignatureNonceUsed"));
    const call = countingCall();
    await ask({ call, counted: false });
    expect(received).toHaveLength(2);
    expect(call.turns).toBe(0);
  });

  it("comes before the request, whose date and keys are read after it", async () => {
    const path = join(tmpdir(), `rpc-${randomUUID()}.json`);
    const save = async (secret: string) => {
      const profiles = [{ name: "default", mode: "AK", access_key_id: keys.id, access_key_secret: secret }];
      await writeFile(`${path}.new`, JSON.stringify({ current: "default", profiles }));
      await rename(`${path}.new`, path);
    };
    closing.push(() => rm(path));
    await save("the-secret-before-the-wait");
    const { ask, received, clock } = await bench({ credentials: profileKeys(path, "default") });
    const sentBefore: number[] = [];
    const call: Call = {
      signal: new AbortController().signal,
      turn: async () => {
        sentBefore.push(received.length);
        clock.advance(90 * SECOND);
        await save("the-secret-after-the-wait");
      },
    };
    await ask({ call });
    expect(sentBefore).toEqual([0]);
    const [request] = received;
    if (!request) throw new Error("Nothing was sent");
    expect(dateOf(request)).toBe("2026-11-21T12:01:30Z");
    expectSigned(request, "the-secret-after-the-wait");
  });

  /** A call that aborts itself at this turn. Its turn rejects with the signal's reason, as the real rate limiter does. */
  function stoppable(abortAt: number, reason?: unknown): Call & { readonly turns: number } {
    const controller = new AbortController();
    let turns = 0;
    return {
      signal: controller.signal,
      turn: async () => {
        turns += 1;
        if (turns === abortAt) controller.abort(reason);
        controller.signal.throwIfAborted();
      },
      get turns() {
        return turns;
      },
    };
  }

  it.each([undefined, new Error("stop"), "stop"])(
    "ends in cancelled with nothing sent when the call is stopped during it: %s",
    async (reason) => {
      const { ask, received } = await bench();
      const error = await failureOf(ask({ call: stoppable(1, reason), intent: "spend", what: "the prefetch" }));
      expect(error).toMatchObject({ code: "cancelled", delivery: "not_sent", retryable: false, provider: "alibaba-vod" });
      expect(error.message).toBe("Stopped before the prefetch was sent");
      expect(received).toEqual([]);
    },
  );

  it("ends in cancelled without the second request when the call is stopped before the second signature", async () => {
    const { ask, received, reply } = await bench();
    reply(refusal("IllegalTimestamp"));
    const call = stoppable(2);
    expect(await failureOf(ask({ call, intent: "spend" }))).toMatchObject({ code: "cancelled", delivery: "not_sent" });
    expect(received).toHaveLength(1);
    expect(call.turns).toBe(2);
  });

  it("passes its own errors on unchanged", async () => {
    const { ask, received } = await bench();
    const known = new PrefetchError("rate_limited", "Not now.");
    expect(await failureOf(ask({ call: stoppable(1, known) }))).toBe(known);
    const bug = new TypeError("A bug");
    const call: Call = { signal: new AbortController().signal, turn: () => Promise.reject(bug) };
    await expect(ask({ call })).rejects.toBe(bug);
    const controller = new AbortController();
    const stopped: Call = {
      signal: controller.signal,
      turn: async () => {
        controller.abort();
        throw bug;
      },
    };
    await expect(ask({ call: stopped })).rejects.toBe(bug);
    expect(received).toEqual([]);
  });

  it("is not needed to stop an uncounted call", async () => {
    const { ask, received } = await bench();
    const call = countingCall(AbortSignal.abort());
    expect(await failureOf(ask({ call, counted: false }))).toMatchObject({ code: "cancelled", delivery: "not_sent" });
    expect(received).toEqual([]);
  });
});
