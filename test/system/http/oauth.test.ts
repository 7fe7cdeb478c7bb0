/** Access tokens of a real authorization server, and all that only look like them. */

import { createSecretKey, generateKeyPairSync } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createTokenVerifier } from "../../../src/transports/auth/oauth.ts";
import { httpSessions, taskOf } from "../harness/clients-harness.ts";
import { secretOf, startServer, tokenList } from "../harness/http-server-harness.ts";
import { startAuthorizationServer } from "./authorization-server-harness.ts";

const RESOURCE = "https://prefetch.example.com/mcp";
const clients = ["alice", "bob", "carol"];
const claimsOf = (client: string): Record<string, string> => (client === "carol" ? {} : { team: "media" });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function open(more: Record<string, string> = {}) {
  const issuer = await startAuthorizationServer({ resource: RESOURCE, clients, claimsOf });
  const server = await startServer({ PREFETCH_SERVER_OAUTH_ISSUER: issuer.issuer, PREFETCH_SERVER_PUBLIC_URL: RESOURCE, ...more });
  const ask = async (token?: string) => {
    const response = await fetch(server.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    return { status: response.status, challenge: response.headers.get("www-authenticate") ?? "", body: await response.text() };
  };
  return { issuer, server, ask };
}

describe("an OAuth resource server", () => {
  it("is found, and its tokens are had, by the official client that knows nothing but its URL and its own credentials", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/mcp`;
    const issuer = await startAuthorizationServer({ resource: url, clients });
    await startServer({ PREFETCH_SERVER_OAUTH_ISSUER: issuer.issuer }, ["--sandbox", "--port", String(port)]);
    const authProvider = new ClientCredentialsProvider({
      clientId: "alice",
      clientSecret: issuer.clientSecret,
      scope: "prefetch:read prefetch:write",
      expectedIssuer: issuer.issuer,
    });
    const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("prefetch_urls");
    await client.close();
  });

  it("publishes where its tokens come from, and points to it when there is none", async () => {
    const { server, ask, issuer } = await open();
    const refused = await ask();
    expect(refused.status).toBe(401);
    expect(refused.challenge).toContain('scope="prefetch:read prefetch:write"');
    const metadataUrl = /resource_metadata="([^"]+)"/.exec(refused.challenge)?.[1];
    expect(metadataUrl).toBe("https://prefetch.example.com/.well-known/oauth-protected-resource/mcp");
    const answer = await fetch(new URL("/.well-known/oauth-protected-resource/mcp", server.url));
    expect(await answer.json()).toEqual({
      resource: RESOURCE,
      authorization_servers: [issuer.issuer],
      scopes_supported: ["prefetch:read", "prefetch:write"],
      bearer_methods_supported: ["header"],
      resource_name: "CDN Prefetch",
    });
  });

  it.each(httpSessions)("lets each scope do its own, with the %s", async (_, connect) => {
    const { issuer, server } = await open({ PREFETCH_SERVER_OAUTH_TENANT_CLAIM: "team" });
    const alice = await connect(server.url, await issuer.token("alice", "prefetch:read prefetch:write other"));
    const bob = await connect(server.url, await issuer.token("bob", "prefetch:read"));
    const { task_id: taskId = "" } = taskOf(
      await alice.call("prefetch_urls", { urls: ["https://example.com/a.mp4"], provider: "huawei-vod" }),
    );
    // Both carry the same tenant claim.
    expect(taskOf(await bob.call("get_prefetch_status", { task_id: taskId }))).toMatchObject({ task_id: taskId });
    expect((await bob.tools()).map(({ name }) => name)).not.toContain("prefetch_urls");
    await expect(bob.call("prefetch_urls", { urls: ["https://example.com/b.mp4"] })).rejects.toThrow();
    await Promise.all([alice.close(), bob.close()]);
  });

  it("keeps subjects apart where no claim joins them", async () => {
    const { issuer, server } = await open();
    const [, [, connect]] = httpSessions;
    const alice = await connect(server.url, await issuer.token("alice", "prefetch:write"));
    const bob = await connect(server.url, await issuer.token("bob", "prefetch:write"));
    const { task_id: taskId = "" } = taskOf(
      await alice.call("prefetch_urls", { urls: ["https://example.com/a.mp4"], provider: "huawei-vod" }),
    );
    expect(await bob.call("get_prefetch_status", { task_id: taskId })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/not_found/),
    });
    await Promise.all([alice.close(), bob.close()]);
  });

  it("accepts good tokens, and asks for the issuer's keys once for many", async () => {
    const { issuer, ask } = await open();
    const token = await issuer.token("alice", "prefetch:read");
    for (let time = 0; time < 5; time += 1) expect((await ask(token)).status).toBe(200);
    expect((await ask(await issuer.forge({}))).status).toBe(200);
    expect((await ask(await issuer.forge({ aud: ["other", RESOURCE] }))).status).toBe(200);
    // Some issuers write scopes their own way.
    expect((await ask(await issuer.forge({ scope: undefined, scp: ["prefetch:read"] }))).status).toBe(200);
    expect((await ask(await issuer.forge({ scope: undefined, scp: "prefetch:read" }))).status).toBe(200);
    expect(issuer.keyRequests()).toBe(1);
  });

  it("refuses every token that was not issued for it, by its issuer, for now", async () => {
    const { issuer, ask, server } = await open({ PREFETCH_SERVER_OAUTH_TENANT_CLAIM: "team" });
    const claims = { team: "media" };
    const now = Math.floor(Date.now() / 1_000);
    const { privateKey: foreign } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const good = await issuer.forge(claims);
    expect((await ask(good)).status).toBe(200);
    const [head = "", body = "", signature = ""] = good.split(".");
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const jwks = await (await fetch(`${issuer.issuer}/jwks`)).text();
    const bad: Record<string, string> = {
      "another audience": await issuer.token("alice", "prefetch:read", "https://other.example.com/mcp"),
      "no audience": await issuer.forge({ ...claims, aud: undefined }),
      "a prefix of the audience": await issuer.forge({ ...claims, aud: RESOURCE.slice(0, -1) }),
      "another issuer": await issuer.forge({ ...claims, iss: "https://evil.example.com" }),
      expired: await issuer.forge({ ...claims, exp: now - 60 }),
      "not yet valid": await issuer.forge({ ...claims, nbf: now + 600 }),
      "without expiry": await issuer.forge({ ...claims, exp: undefined }),
      "without subject": await issuer.forge({ ...claims, sub: undefined }),
      "without the tenant claim": await issuer.forge({}),
      "an empty tenant claim": await issuer.forge({ team: "" }),
      "a tenant claim that is no text": await issuer.forge({ team: ["media"] }),
      "an unknown key": await issuer.forge(claims, { kid: "another-key", key: foreign }),
      "a foreign key under the known name": await issuer.forge(claims, { key: foreign }),
      "a symmetric algorithm keyed with the public keys": await issuer.forge(claims, {
        alg: "HS256",
        key: createSecretKey(Buffer.from(jwks)),
      }),
      "algorithm none": `${encode({ alg: "none", typ: "JWT" })}.${body}.`,
      "algorithm none with a signature": `${encode({ alg: "none", kid: "the-key" })}.${body}.${signature}`,
      "a changed body": `${head}.${encode({ ...claims, iss: issuer.issuer, aud: RESOURCE, sub: "admin", exp: now + 600, scope: "prefetch:admin" })}.${signature}`,
      "no signature": `${head}.${body}.`,
      "two parts": `${head}.${body}`,
      "keys of its own": `${encode({ alg: "RS256", jku: "https://evil.example.com/jwks", jwk: {}, kid: "evil" })}.${body}.${signature}`,
      "no JWT": "an-opaque-token",
      "dots only": "..",
    };
    for (const [what, token] of Object.entries(bad)) {
      const answer = await ask(token);
      expect(answer, what).toMatchObject({
        status: 401,
        challenge: expect.stringMatching(/^Bearer error="invalid_token".*resource_metadata=/),
      });
      expect(answer.body.length, what).toBeLessThan(300);
      expect(answer.body, what).not.toMatch(/\n\s+at |node_modules/);
      for (const part of token.split(".").filter((each) => each.length > 20))
        expect(answer.body + answer.challenge, what).not.toContain(part);
    }
    const useless = await ask(await issuer.forge({ ...claims, scope: "other" }));
    expect(useless).toMatchObject({ status: 403, challenge: expect.stringMatching(/error="insufficient_scope".*scope="prefetch:read"/) });
    expect((await ask(good)).status).toBe(200);
    expect(server.log.join("\n")).not.toContain(signature);
  });

  it("says that it cannot check tokens while their issuer is away", async () => {
    const { issuer, ask, server } = await open();
    const token = await issuer.token("alice", "prefetch:read");
    await issuer.stop();
    const answer = await ask(token);
    expect(answer).toMatchObject({ status: 503, challenge: "" });
    expect(JSON.parse(answer.body)).toMatchObject({ error: "temporarily_unavailable" });
    expect(server.log.some((line) => line.includes("cannot be fetched"))).toBe(true);
    expect(z.object({ status: z.literal("ok") }).parse(await (await fetch(new URL("/healthz", server.url))).json())).toEqual({
      status: "ok",
    });
  });

  it("asks an issuer that was away again, but not at every token", async () => {
    const issuer = await startAuthorizationServer({ resource: RESOURCE, clients });
    const token = await issuer.token("alice", "prefetch:read");
    await issuer.stop();
    let now = Date.now();
    const verify = createTokenVerifier({
      issuer: issuer.issuer,
      audience: RESOURCE,
      jwksUrl: undefined,
      tenantClaim: undefined,
      now: () => now,
    });
    await expect(verify(token)).rejects.toThrow("cannot be fetched");
    await issuer.start();
    await expect(verify(token)).rejects.toThrow("cannot be fetched");
    now += 5_000;
    expect(await verify(token)).toMatchObject({ subject: "alice", scopes: ["prefetch:read"] });
  });

  it("takes the operator's own tokens beside those of the issuer", async () => {
    const { issuer, ask } = await open({ PREFETCH_SERVER_TOKENS: tokenList({ name: "robot" }) });
    expect((await ask(secretOf("robot"))).status).toBe(200);
    expect((await ask(await issuer.token("alice", "prefetch:read"))).status).toBe(200);
    expect((await ask(secretOf("nobody"))).status).toBe(401);
  });
});
