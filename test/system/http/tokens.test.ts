/** Tokens and their scopes: a refusal names its reason, changes nothing and shows nothing. */

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type HttpServer, launchServer, startServer } from "../harness/http-server-harness.ts";
import {
  bearer,
  call,
  effects,
  entry,
  eras,
  legacy,
  logOf,
  messageOf,
  modern,
  send,
  structuredOf,
  tellTale,
  untouched,
} from "../harness/raw-http-harness.ts";

const alice = bearer("alice-secret-token");
const reader = bearer("reader-secret-token");
const bob = bearer("bob-secret-token");
const admin = bearer("admin-secret-token");
const list = [
  entry("alice", "alice-secret-token", ["prefetch:read", "prefetch:write"], { tenant: "acme" }),
  entry("reader", "reader-secret-token", ["prefetch:read"], { tenant: "acme" }),
  entry("bob", "bob-secret-token", ["prefetch:read", "prefetch:write"], { tenant: "globex" }),
  entry("admin", "admin-secret-token", ["prefetch:admin"]),
  entry("former", "former-secret-token", ["prefetch:write"], { expires: "2020-01-01T00:00:00Z" }),
  entry("coming", "coming-secret-token", ["prefetch:write"], { expires: "2999-01-01T00:00:00+02:00" }),
];

let server: HttpServer;

beforeAll(async () => {
  server = await launchServer({ PREFETCH_SERVER_TOKENS: JSON.stringify(list) });
});

afterAll(async () => {
  await server.stop();
});

const asset = "f488337c31c8e4622f1590735b134c65";
const spending = [
  ["prefetch_urls", { urls: ["https://example.com/a.mp4"] }],
  ["prefetch_asset", { asset_id: asset, provider: "huawei-vod" }],
  ["cancel_prefetch", { task_id: "pf_00000000-0000-7000-8000-000000000000" }],
] as const;
const spend = call(...spending[0]);

describe("a call without a good token", () => {
  it.each([
    ["no header", {}, "Missing Authorization header"],
    ["an empty header", { authorization: "" }, "Missing Authorization header|Invalid Authorization header"],
    ["another scheme", { authorization: "Basic YWxpY2U6c2VjcmV0" }, "Invalid Authorization header"],
    ["only a scheme", { authorization: "Bearer" }, "Invalid Authorization header"],
    ["a scheme and a blank", { authorization: "Bearer " }, "Invalid Authorization header"],
    ["only a token", { authorization: "alice-secret-token" }, "Invalid Authorization header"],
    ["bytes", { authorization: "\u00ff\u00fe\u00fd" }, "Invalid Authorization header"],
    ["an unknown token", bearer("mallory-secret-token"), "The token is not known"],
    ["a token in other letters", bearer("ALICE-SECRET-TOKEN"), "The token is not known"],
    ["half of a token", bearer("alice-secret-tok"), "The token is not known"],
    ["a token's hash", bearer(list[0]?.sha256 ?? ""), "The token is not known"],
    ["a token's name", bearer("alice"), "The token is not known"],
    ["what looks like a JWT", bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9."), "The token is not known"],
    ["12,000 letters", bearer("s".repeat(12_000)), "The token is not known"],
    ["a token that has expired", bearer("former-secret-token"), "The token has expired"],
  ])("%s gets 401 and is told why", async (_, headers, why) => {
    for (const message of [
      call("prefetch_urls", spending[0][1], headers),
      legacy("tools/list", {}, headers),
      legacy("initialize", {}, headers),
    ]) {
      const reply = await send(server, message);
      expect(reply.status).toBe(401);
      expect(reply.headers["www-authenticate"]).toMatch(new RegExp(`^Bearer error="invalid_token", error_description="(${why})`));
      expect(reply.body).toMatch(/^\{"error":"invalid_token","error_description":"/);
      expect(reply.body.length).toBeLessThan(200);
      expect(`${reply.body}${reply.headers["www-authenticate"]}`).not.toMatch(/secret|ssssss/);
    }
  });

  it("in the query gets 401, because queries are logged", async () => {
    const reply = await send(server, { ...spend, path: "/mcp?access_token=alice-secret-token" });
    expect(reply.status).toBe(401);
    expect(reply.body).not.toContain("secret");
  });

  it.each(["access_token=alice-secret-token", "x=1&access_token=", "%61ccess_token=other"])(
    "in the header and the query (%s) gets 400, because it cannot mean both",
    async (query) => {
      const reply = await send(server, { ...spend, headers: { ...spend.headers, ...alice }, path: `/mcp?${query}` });
      expect(reply.status).toBe(400);
      expect(reply.body).toMatch(/"invalid_request"/);
      expect(reply.body).not.toContain("secret");
    },
  );

  it("beyond all measure gets 431", async () => {
    const reply = await send(server, { ...spend, headers: { ...spend.headers, ...bearer("s".repeat(20_000)) } });
    expect(reply.status).toBe(431);
  });

  it("is refused before anything else of the request is looked at", async () => {
    const replies = [
      await send(server, { method: "GET" }),
      await send(server, { method: "TRACE" }),
      await send(server, { headers: { "content-type": "text/plain" }, body: "x" }),
      await send(server, { headers: { "content-type": "application/json", "content-length": String(1e9) } }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  });

  it("has spent nothing", async () => {
    expect(await effects(server, admin)).toEqual(untouched);
  });
});

describe("a token for reading", () => {
  it.each(eras)("lists only the tools that read (%s)", async (_, message) => {
    const names = z.object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) });
    const toolsOf = async (headers: Record<string, string>) =>
      names.parse(messageOf(await send(server, message("tools/list", {}, headers)))).result.tools.map(({ name }) => name);
    expect(await toolsOf(reader)).toEqual(["get_prefetch_status", "verify_prefetch", "list_prefetch_tasks", "get_prefetch_quota"]);
    expect(await toolsOf(alice)).toHaveLength(7);
  });

  it.each(eras.flatMap(([era, message]) => spending.map(([name, args]) => [name, era, message, args] as const)))(
    "calling %s gets 403 and the scope that it takes (%s)",
    async (name, _, message, args) => {
      const reply = await send(server, message("tools/call", { name, arguments: args }, reader));
      expect(reply.status).toBe(403);
      expect(reply.headers["www-authenticate"]).toMatch(/^Bearer error="insufficient_scope"/);
      expect(reply.headers["www-authenticate"]).toContain('scope="prefetch:write"');
      expect(reply.body).toMatch(/"insufficient_scope"/);
      expect(reply.body.length).toBeLessThan(200);
      expect(reply.body).not.toMatch(tellTale);
    },
  );

  it.each(spending)("cannot get %s done by saying it differently", async (name, args) => {
    const params = { name, arguments: args };
    const { body } = modern("tools/call", params);
    const replies = [
      await send(server, modern("tools/call", params, { ...reader, "mcp-name": "get_prefetch_quota" })),
      await send(server, modern("tools/call", params, { ...reader, "mcp-method": "tools/list" })),
      await send(server, legacy("tools/call", params, { ...reader, "mcp-method": "tools/list", "mcp-name": "get_prefetch_quota" })),
      await send(server, legacy("tools/call", params, { ...reader, "mcp-protocol-version": "2025-06-18" })),
      await send(server, { headers: legacy("", {}, reader).headers, body: `[${legacy("tools/call", params).body}]` }),
      await send(server, { ...modern("tools/call", params, reader), body: body.replace('"id":1,', "") }),
      await send(server, {
        ...legacy("tools/call", params, reader),
        body: body.replace('"tools/call"', '"tools/list","method":"tools/call"'),
      }),
    ];
    for (const { status } of replies) expect([202, 400, 403]).toContain(status);
    expect(await effects(server, admin)).toEqual(untouched);
  });

  it("is not offered the prompt that spends", async () => {
    const reply = await send(server, modern("prompts/get", { name: "publish-and-warm", arguments: {} }, reader));
    expect(messageOf(reply)).toMatchObject({ error: { code: -32602 } });
  });

  it("does not open the metrics, which cover all tenants", async () => {
    expect((await send(server, { method: "GET", path: "/metrics", headers: reader })).status).toBe(403);
    expect((await send(server, { method: "GET", path: "/metrics" })).status).toBe(401);
    expect((await send(server, { method: "GET", path: "/metrics", headers: admin })).status).toBe(200);
  });
});

describe("a token of another tenant", () => {
  it("sees, follows and cancels only its own tasks", async () => {
    const started = z
      .object({ task_id: z.string() })
      .parse(structuredOf(await send(server, call("prefetch_urls", { urls: ["https://example.com/theirs.mp4"] }, alice))));
    const id = started.task_id;
    const answers = [
      await send(server, call("get_prefetch_status", { task_id: id }, bob)),
      await send(server, call("get_prefetch_status", { task_id: id, detail: "all" }, bob)),
      await send(server, call("cancel_prefetch", { task_id: id }, bob)),
      await send(server, modern("resources/read", { uri: `prefetch://tasks/${id}` }, bob)),
      await send(server, call("list_prefetch_tasks", {}, bob)),
    ];
    for (const { body } of answers) expect(body).not.toMatch(/theirs|acme|alice/);
    for (const { body } of answers.slice(0, 3)) expect(body).toMatch(/"text":"not_found: task_id: there is no task/);
    expect(structuredOf(await send(server, call("list_prefetch_tasks", {}, reader)))).toMatchObject({ tasks: [{ task_id: id }] });
    expect(structuredOf(await send(server, call("list_prefetch_tasks", {}, admin)))).toMatchObject({ tasks: [{ task_id: id }] });
  });
});

describe("a tenant that asks too often", () => {
  it("gets 429 with Retry-After for all of its tokens, without effect on other tenants", async () => {
    const env = { PREFETCH_SERVER_TOKENS: JSON.stringify(list), PREFETCH_TENANT_REQUESTS_PER_MINUTE: "5" };
    const strict = await startServer(env);
    const ask = (headers: Record<string, string>) => send(strict, call("get_prefetch_quota", {}, headers));
    for (let count = 0; count < 5; count += 1) expect((await ask(count % 2 ? alice : reader)).status).toBe(200);
    for (const headers of [alice, reader]) {
      const reply = await ask(headers);
      expect(reply.status).toBe(429);
      expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
      expect(Number(reply.headers["retry-after"])).toBeLessThanOrEqual(60);
      expect(reply.body).toMatch(/"rate_limited","message":"More than 5 requests in a minute\. Call again in \d+ s/);
      expect(reply.body).not.toMatch(/acme|secret/);
    }
    for (let count = 0; count < 5; count += 1) expect((await ask(bob)).status).toBe(200);
    // Requests without a token count against no tenant.
    for (let count = 0; count < 10; count += 1) expect((await ask(bearer("mallory-secret"))).status).toBe(401);
    expect((await ask(admin)).status).toBe(200);
  });
});

describe("the token file", () => {
  it("is read again on SIGHUP, and a bad one changes nothing", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "tokens-")), "tokens.json");
    writeFileSync(file, JSON.stringify([list[0]]));
    const other = await startServer({}, ["--sandbox", "--tokens-file", file]);
    const ask = async (headers: Record<string, string>) => (await send(other, call("get_prefetch_quota", {}, headers))).status;
    expect([await ask(alice), await ask(bob)]).toEqual([200, 401]);

    for (const broken of ["", "[]", '[{"name":"bob-secret"}]', JSON.stringify([{ ...list[2], sha256: "bob-secret-token" }])]) {
      writeFileSync(file, broken);
      const told = other.log.length;
      other.child.kill("SIGHUP");
      await expect.poll(() => other.log.slice(told).some((line) => line.includes("the old ones stay valid"))).toBe(true);
      expect([await ask(alice), await ask(bob)]).toEqual([200, 401]);
    }
    writeFileSync(file, JSON.stringify([list[2]]));
    other.child.kill("SIGHUP");
    await expect.poll(() => other.log.some((line) => line.includes("reloaded the tokens"))).toBe(true);
    expect([await ask(alice), await ask(bob)]).toEqual([401, 200]);
    expect(other.log.join("\n")).not.toContain("secret");
  });
});

describe("after all of it", () => {
  it("no token, and nothing of the inside, has reached the log", async () => {
    expect((await send(server, call("get_prefetch_quota", {}, bob))).status).toBe(200);
    expect(server.log.join("\n")).not.toMatch(tellTale);
    expect(server.log.join("\n")).not.toMatch(/ssssss|[0-9a-f]{64}/);
    expect(logOf(server).filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });
});
