/** A server with wrong settings explains the mistake once, before it listens. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { asPrefetchError, explain } from "../../../src/base/errors.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { allSettings } from "../../../src/cli/settings.ts";
import { createAuthenticator } from "../../../src/transports/auth/authenticate.ts";
import { baseEnv, bin } from "../harness/clients-harness.ts";
import { entry } from "../harness/raw-http-harness.ts";

const folder = mkdtempSync(join(tmpdir(), "tokens-"));
const good = entry("alice", "alice-secret-token", ["prefetch:read"]);
const hash = good.sha256;
const tokens = (...entries: readonly unknown[]) => ({ PREFETCH_SERVER_TOKENS: JSON.stringify(entries) });

function file(content: string): string {
  const path = join(mkdtempSync(join(folder, "one-")), "tokens.json");
  writeFileSync(path, content);
  return path;
}

/** The process's message about the mistake. */
function mistakeIn(args: readonly string[], env: Readonly<Record<string, string>>): string {
  try {
    const command = readCommand(["--sandbox", "--transport", "http", "--port", "0", ...args], env);
    if (command.kind !== "serve") return "";
    createAuthenticator(command.config.server, {
      resource: "http://127.0.0.1/mcp",
      now: () => 0,
      report: () => undefined,
      conceal: () => undefined,
    });
    return "";
  } catch (error) {
    return byVariables(explain(asPrefetchError(error)));
  }
}

/** Errors name the flags that were typed; these tests know each setting by its variable. */
function byVariables(text: string): string {
  const names = new Map(allSettings.map(({ flag, name }) => [`--${flag}`, name]));
  return text.replace(/--[a-z-]+/g, (flag) => names.get(flag) ?? flag);
}

describe("a token list that cannot be used", () => {
  it.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ["no JSON", { PREFETCH_SERVER_TOKENS: "alice:alice-secret-token" }, /PREFETCH_SERVER_TOKENS is not JSON/],
    ["half of one", { PREFETCH_SERVER_TOKENS: JSON.stringify([good]).slice(0, -2) }, /PREFETCH_SERVER_TOKENS is not JSON/],
    ["an object", { PREFETCH_SERVER_TOKENS: JSON.stringify({ tokens: [good] }) }, /PREFETCH_SERVER_TOKENS: must be a JSON array of tokens/],
    ["null", { PREFETCH_SERVER_TOKENS: "null" }, /must be a JSON array of tokens/],
    ["no token", tokens(), /PREFETCH_SERVER_TOKENS: names no token/],
    ["a token in clear", tokens("alice-secret-token"), /PREFETCH_SERVER_TOKENS: 0 /],
    ["a token instead of its hash", tokens({ ...good, sha256: "alice-secret-token" }), /0\.sha256 must be the token's SHA-256/],
    ["half of a hash", tokens({ ...good, sha256: hash.slice(1) }), /0\.sha256 must be the token's SHA-256/],
    ["no hash", tokens({ ...good, sha256: undefined }), /0\.sha256 must be the token's SHA-256/],
    ["no name", tokens(good, { ...good, name: undefined }), /1\.name must be a text/],
    ["a name with blanks", tokens({ ...good, name: "alice-secret-token x" }), /0\.name must be 1 to 64 letters/],
    ["an empty name", tokens({ ...good, name: "" }), /0\.name must be 1 to 64 letters/],
    ["a name that breaks lines", tokens({ ...good, name: "a\nb" }), /0\.name must be 1 to 64 letters/],
    ["no scopes", tokens({ ...good, scopes: undefined }), /0\.scopes must be an array of scopes/],
    ["empty scopes", tokens({ ...good, scopes: [] }), /0\.scopes must not be empty/],
    ["scopes as text", tokens({ ...good, scopes: "prefetch:read" }), /0\.scopes must be an array of scopes/],
    ["a scope that is none", tokens({ ...good, scopes: ["secret:all"] }), /0\.scopes\.0 must be among prefetch:read, prefetch:write/],
    ["a tenant that is none", tokens({ ...good, tenant: 7 }), /0\.tenant must be a text/],
    ["an end that is no moment", tokens({ ...good, expires: "next-secret-week" }), /0\.expires must be a time such as/],
    ["an end without a zone", tokens({ ...good, expires: "2027-01-31T00:00:00" }), /0\.expires must be a time such as/],
    ["an unknown key", tokens({ ...good, token: "alice-secret-token" }), /0 has a key that is not known/],
    ["a prototype", { PREFETCH_SERVER_TOKENS: '[{"__proto__":{"name":"alice-secret-token"}}]' }, /0\.name must be a text/],
    ["a name twice", tokens(good, { ...entry("alice", "other-secret", ["prefetch:read"]) }), /names a token twice/],
    ["a hash twice", tokens(good, { ...good, name: "bob" }), /names a token twice/],
    ["a hash twice, in two spellings", tokens(good, { ...good, name: "bob", sha256: hash.toUpperCase() }), /names a token twice/],
    ["everything wrong at once", tokens(...Array.from({ length: 50 }, () => ({ secret: "alice-secret-token" }))), /0\.name must be a text/],
  ])("with %s is named with its place, and nothing of it is shown", (_, env, expected) => {
    const said = mistakeIn([], env);
    expect(said).toMatch(expected);
    expect(said).toMatch(/PREFETCH_SERVER_TOKENS/);
    expect(said).not.toMatch(/secret|alice|bob/);
    expect(said).not.toContain(hash.slice(0, 12));
  });

  it("is named by its file", () => {
    const path = file("[{}]");
    expect(mistakeIn(["--tokens-file", path], {})).toContain(`PREFETCH_SERVER_TOKENS_FILE ${path}: 0.name must be a text`);
    expect(mistakeIn([], { PREFETCH_SERVER_TOKENS_FILE: file("") })).toMatch(/PREFETCH_SERVER_TOKENS_FILE .* is not JSON/);
  });

  it("is missed where its file is not there, is a folder or may not be read", () => {
    const missing = join(folder, "missing.json");
    expect(mistakeIn(["--tokens-file", missing], {})).toContain(`PREFETCH_SERVER_TOKENS_FILE: ${missing} cannot be read (ENOENT)`);
    const directory = join(folder, "directory");
    mkdirSync(directory);
    expect(mistakeIn(["--tokens-file", directory], {})).toContain("cannot be read (EISDIR)");
  });
});

describe("settings that do not go together", () => {
  const secret = tokens(good);
  it.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
    ["tokens twice", ["--tokens-file", file("[]")], secret, /PREFETCH_SERVER_TOKENS and PREFETCH_SERVER_TOKENS_FILE are both set/],
    [
      "an audience without an issuer",
      ["--oauth-audience", "x"],
      {},
      /PREFETCH_SERVER_OAUTH_AUDIENCE is set, but PREFETCH_SERVER_OAUTH_ISSUER is not/,
    ],
    [
      "keys without an issuer",
      ["--oauth-jwks-url", "https://idp.example.com/k"],
      secret,
      /PREFETCH_SERVER_OAUTH_JWKS_URL is set, but PREFETCH_SERVER_OAUTH_ISSUER is not/,
    ],
    [
      "a tenant claim without an issuer",
      ["--oauth-tenant-claim", "org"],
      {},
      /PREFETCH_SERVER_OAUTH_TENANT_CLAIM is set, but PREFETCH_SERVER_OAUTH_ISSUER/,
    ],
    ["an issuer in clear", ["--oauth-issuer", "http://idp.example.com"], {}, /PREFETCH_SERVER_OAUTH_ISSUER must be a URL with https/],
    [
      "an issuer with a password",
      ["--oauth-issuer", "https://u:p@idp.example.com"],
      {},
      /PREFETCH_SERVER_OAUTH_ISSUER must have no query, fragment or/,
    ],
    ["every address and nobody to tell", ["--host", "0.0.0.0"], {}, /PREFETCH_SERVER_HOST is 0\.0\.0\.0, which other machines can reach/],
    ["every IPv6 address and nobody to tell", ["--host", "::"], {}, /PREFETCH_SERVER_HOST is ::, which other machines can reach/],
    ["the same in brackets", ["--host", "[::]"], {}, /PREFETCH_SERVER_HOST is ::, which/],
    ["an address of the network", ["--host", "192.0.2.7"], {}, /PREFETCH_SERVER_HOST is 192\.0\.2\.7, which/],
    ["a name of the network", ["--host", "mcp.example.com"], {}, /PREFETCH_SERVER_HOST is mcp\.example\.com, which/],
    [
      "a name that looks like loopback",
      ["--host", "127.0.0.1.example.com"],
      {},
      /PREFETCH_SERVER_HOST is 127\.0\.0\.1\.example\.com, which/,
    ],
    ["another one", ["--host", "localhost.example.com"], {}, /PREFETCH_SERVER_HOST is localhost\.example\.com, which/],
    ["a zero that is every address", ["--host", "0"], {}, /PREFETCH_SERVER_HOST is 0, which/],
    ["a host that is a URL", ["--host", "http://127.0.0.1"], {}, /PREFETCH_SERVER_HOST must be an address or a host name/],
    ["a port beyond the last", ["--port", "65536"], {}, /PREFETCH_SERVER_PORT must be a whole number from 0 to 65535/],
    ["a port that is a word", ["--port", "http"], {}, /PREFETCH_SERVER_PORT must be a whole number/],
    ["a path without a slash", ["--path", "mcp"], {}, /PREFETCH_SERVER_PATH must be a path such as \/mcp/],
    ["a path that is all", ["--path", "/"], {}, /PREFETCH_SERVER_PATH must be a path/],
    ["a path with a query", ["--path", "/mcp?x"], {}, /PREFETCH_SERVER_PATH must be a path/],
    ["the path of a probe", ["--path", "/healthz"], {}, /PREFETCH_SERVER_PATH is taken by the server itself/],
    ["a path below the metrics", ["--path", "/metrics/mcp"], {}, /PREFETCH_SERVER_PATH is taken/],
    ["a public URL in clear", ["--public-url", "http://mcp.example.com/mcp"], {}, /PREFETCH_SERVER_PUBLIC_URL must be a URL with https/],
    ["a public URL that is none", ["--public-url", "mcp.example.com"], {}, /PREFETCH_SERVER_PUBLIC_URL must be a URL with https/],
    ["a public URL with a query", ["--public-url", "https://mcp.example.com/?a"], {}, /PREFETCH_SERVER_PUBLIC_URL must have no query/],
    [
      "allowed hosts with ports",
      ["--allowed-hosts", "a.example.com:80"],
      {},
      /PREFETCH_SERVER_ALLOWED_HOSTS must be host names without ports/,
    ],
    ["allowed hosts that are none", ["--allowed-hosts", ","], {}, /PREFETCH_SERVER_ALLOWED_HOSTS must be/],
    ["every origin", ["--allowed-origins", "*"], {}, /PREFETCH_SERVER_ALLOWED_ORIGINS must be host names/],
    ["origins with schemes", ["--allowed-origins", "https://a.example.com"], {}, /PREFETCH_SERVER_ALLOWED_ORIGINS must be/],
    [
      "no requests a minute",
      ["--tenant-requests-per-minute", "0"],
      {},
      /PREFETCH_TENANT_REQUESTS_PER_MINUTE must be a whole number from 1/,
    ],
    ["another transport", ["--transport", "sse"], {}, /PREFETCH_TRANSPORT must be stdio or http/],
  ])("%s: it says which", (_, args, env, expected) => {
    const said = mistakeIn(args, env);
    expect(said).toMatch(expected);
    expect(said).not.toContain(hash.slice(0, 12));
  });
});

describe("a process that cannot serve", () => {
  it.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
    ["a token list that is none", [], { PREFETCH_SERVER_TOKENS: "alice-secret-token" }, /PREFETCH_SERVER_TOKENS is not JSON/],
    ["a token file that is not there", ["--tokens-file", join(folder, "none.json")], {}, /none\.json cannot be read \(ENOENT\)/],
    ["every address and nobody to tell", ["--host", "0.0.0.0"], {}, /PREFETCH_SERVER_HOST is 0\.0\.0\.0, which other machines can reach/],
    [
      "an audience without an issuer",
      ["--oauth-audience", "x"],
      {},
      /PREFETCH_SERVER_OAUTH_AUDIENCE is set, but PREFETCH_SERVER_OAUTH_ISSUER is not/,
    ],
    ["a path that is none", ["--path", "mcp"], {}, /PREFETCH_SERVER_PATH must be a path such as \/mcp/],
    ["an address that is not this machine's", ["--host", "192.0.2.7"], tokens(good), /Cannot listen on 192\.0\.2\.7:0 \(EADDRNOTAVAIL\)/],
  ])("for %s says so in one line and ends with 1", (_, args, env, expected) => expect(refusalOf(args, env)).toMatch(expected));

  it("for a port that is in use does the same", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    expect(refusalOf(["--port", port], {})).toMatch(
      new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port} \\(EADDRINUSE\\)\\. Choose another`),
    );
  });
});

/** All that the process prints. */
function refusalOf(args: readonly string[], env: Readonly<Record<string, string>>): string {
  const command = [bin, "--sandbox", "--transport", "http", "--port", "0", ...args];
  const result = spawnSync(process.execPath, command, { env: { ...baseEnv, ...env }, encoding: "utf8", input: "", timeout: 10_000 });
  expect(result.status).toBe(1);
  expect(result.stdout).toBe("");
  expect(result.stderr).toMatch(/^cdn-prefetch-mcp: [^\n]*\n$/);
  expect(result.stderr).not.toMatch(/\bat .*:\d+:\d+|secret/);
  return byVariables(result.stderr);
}
