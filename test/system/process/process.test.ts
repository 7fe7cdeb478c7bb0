/** The server as a process: its output, its end, and its errors at the start. */

import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { describe, expect, it, onTestFinished } from "vitest";
import { providerDefinitions } from "../../../src/providers/index.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { baseEnv, bin, huaweiEnv, modernSession, sessions } from "../harness/clients-harness.ts";

function startServer(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcessWithoutNullStreams {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  const child = spawn(process.execPath, [bin, ...args], { env: { ...baseEnv, HOME: home, ...env }, stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
};

function lines(text: string): unknown[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Sends requests one after the other and resolves with everything on stdout once the last is answered. */
async function talk(child: ChildProcessWithoutNullStreams, requests: readonly { readonly id: number }[]): Promise<string> {
  let text = "";
  child.stdout.setEncoding("utf8");
  for (const request of requests) {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    while (!lines(text.slice(0, text.lastIndexOf("\n") + 1)).some((message) => JSON.stringify(message).includes(`"id":${request.id}`))) {
      const [chunk] = await once(child.stdout, "data");
      text += chunk;
    }
  }
  return text;
}

const listTools = { jsonrpc: "2.0", id: 2, method: "tools/list" };
const call = (id: number, name: string, args: object) => ({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args } });

describe("stdout", () => {
  it("carries JSON-RPC messages and nothing else, from start to exit, even with trace logs", async () => {
    const child = startServer(["--sandbox", "--log-level", "trace"]);
    let all = "";
    child.stdout.on("data", (chunk) => {
      all += chunk;
    });
    await talk(child, [
      initialize,
      call(2, "prefetch_urls", { urls: ["https://example.com/a.mp4", "https://foreign.example.org/b"], wait_seconds: 5 }),
      call(3, "prefetch_urls", { urls: [] }),
      call(4, "get_prefetch_status", { task_id: "5199337c31c8e4622f1590735b13a263", provider: "huawei-vod" }),
    ]);
    child.stdin.write("this is not JSON\n");
    child.stdin.end();
    await once(child, "exit");
    const messages = lines(all);
    expect(messages).toHaveLength(5);
    expect(messages.at(-1)).toMatchObject({ id: null, error: { code: -32_700 } });
    for (const message of messages) expect(message).toMatchObject({ jsonrpc: "2.0" });
  });
});

describe("the end of the process", () => {
  it("comes after the end of stdin, although calls are waiting", async () => {
    const child = startServer(["--sandbox"]);
    await talk(child, [initialize]);
    child.stdin.write(`${JSON.stringify(call(2, "prefetch_urls", { urls: ["https://example.com/a.mp4"], wait_seconds: 50 }))}\n`);
    // The answer to a second call shows that the first call has begun.
    await talk(child, [call(3, "get_prefetch_quota", {})]);
    child.stdin.end();
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
  });

  it("comes after the answers to a piped list of requests, whose last line has no end", async () => {
    const child = startServer(["--sandbox"]);
    const waiting = call(2, "prefetch_urls", { urls: ["https://example.com/a.mp4"], wait_seconds: 50 });
    const output = text(child.stdout);
    child.stdin.end([initialize, waiting, call(3, "get_prefetch_quota", {})].map((request) => JSON.stringify(request)).join("\n"));
    expect(await once(child, "exit")).toEqual([0, null]);
    const answers = lines(await output);
    expect(answers).toHaveLength(3);
    expect(answers).toEqual(expect.arrayContaining([1, 2, 3].map((id) => expect.objectContaining({ id, result: expect.anything() }))));
  });

  it("comes although the vendor hangs, and the URLs in flight end as unknown", async () => {
    const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0 });
    onTestFinished(() => emulator.close());
    const store = join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite");
    emulator.inject({ method: "POST", fault: { kind: "delay", ms: 60_000 } });
    const env = huaweiEnv(emulator, `sqlite:${store}`);
    const child = startServer([], env);
    const text = await talk(child, [initialize, call(2, "prefetch_urls", { urls: ["https://example.com/hang.mp4"] })]);
    const taskId = /pf_[0-9a-f-]{36}/.exec(text)?.[0];
    child.stdin.end();
    await once(child, "exit");

    const next = await modernSession({ env });
    const status = await next.call("get_prefetch_status", { task_id: taskId });
    await next.close();
    expect(status.structured).toMatchObject({ state: "partial", counts: { total: 1, unknown: 1 } });
    expect(status.text).toMatch(/not sent again by themselves/);
  });

  it("comes although the app never finishes its stop", async () => {
    const stdio = join(import.meta.dirname, "../../../src/transports/stdio.ts");
    const program = `
      import { runStdio } from ${JSON.stringify(pathToFileURL(stdio))};
      const close = () => new Promise(() => setInterval(() => undefined, 1_000));
      runStdio({ factory: () => undefined, report: () => undefined, drain: () => undefined, close });`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { env: baseEnv, stdio: "pipe" });
    onTestFinished(() => void child.kill("SIGKILL"));
    child.stdin.end();
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("comes after %s", async (signal) => {
    const child = startServer(["--sandbox"]);
    await talk(child, [initialize]);
    child.kill(signal);
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
  });

  it("does not come when the host merely stops reading the log", async () => {
    // Nothing listens there, so that the look-up of the asset fails and is logged.
    const child = startServer(["--log-level", "trace"], {
      HUAWEICLOUD_SDK_AK: "AK",
      HUAWEICLOUD_SDK_SK: "SK",
      HUAWEICLOUD_SDK_PROJECT_ID: "project",
      PREFETCH_HUAWEI_VOD_ENDPOINT: "http://127.0.0.1:1",
      PREFETCH_STORE: "memory:",
    });
    await talk(child, [initialize]);
    child.stderr.destroy();
    const logged = call(2, "prefetch_asset", { asset_id: "a" });
    const text = await talk(child, [logged, { ...logged, id: 3 }, call(4, "get_prefetch_quota", {})]);
    expect(lines(text)).toHaveLength(3);
    expect(child.exitCode).toBeNull();
  });

  it("comes when the host closes stdout (EPIPE) while stdin stays open", async () => {
    const child = startServer(["--sandbox"]);
    await talk(child, [initialize]);
    child.stdout.destroy();
    child.stdin.write(`${JSON.stringify(call(2, "get_prefetch_quota", {}))}\n`);
    child.stdin.on("error", () => child.stdin.destroy());
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
  });
});

describe("starting", () => {
  it("touches no file and opens no port until a call needs it", async () => {
    const home = mkdtempSync(join(tmpdir(), "home-"));
    const child = startServer([], { HOME: home, XDG_DATA_HOME: join(home, "data") });
    await talk(child, [initialize, listTools]);
    expect(readdirSync(home)).toEqual([]);
    child.stdin.end();
    await once(child, "exit");
  });

  it.each(sessions)("without credentials warms by HTTP, and names the variables that other providers need (%s)", async (_, start) => {
    const session = await start({ env: { PREFETCH_STORE: "memory:" } });
    onTestFinished(() => session.close());
    expect((await session.tools()).map((tool) => tool.name)).toEqual([
      "prefetch_asset",
      "prefetch_urls",
      "get_prefetch_status",
      "verify_prefetch",
      "list_prefetch_tasks",
      "cancel_prefetch",
      "get_prefetch_quota",
    ]);
    const plan = await session.call("prefetch_urls", { urls: ["https://example.com/a"], dry_run: true });
    expect(plan.structured).toMatchObject({ providers: ["http"], cost: 0, quota: { provider: "http", used: 0 } });
    const answer = await session.call("prefetch_asset", { asset_id: "f488337c31c8e4622f1590735b134c65" });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(
      /^unsupported: .*asset ids.* Or configure a provider that takes them\. huawei-vod: set HUAWEICLOUD_SDK_AK.*HUAWEICLOUD_SDK_SK.*HUAWEICLOUD_SDK_PROJECT_ID.*PREFETCH_HUAWEI_VOD_REGION.* Or alibaba-vod: set ALIBABA_CLOUD_ACCESS_KEY_ID/,
    );
    expect(JSON.parse(await session.read("prefetch://providers"))).toMatchObject({
      providers: providerDefinitions.map(({ id }) => ({ id, configured: id === "http" })),
    });
    expect(JSON.parse(await session.read("prefetch://quota"))).toMatchObject({ quotas: [{ provider: "http", used: 0 }] });
  });

  it("with half of a vendor's credentials does not fall back to another provider", async () => {
    const session = await modernSession({ env: { PREFETCH_STORE: "memory:", HUAWEICLOUD_SDK_AK: "half-an-access-key" } });
    onTestFinished(() => session.close());
    const answer = await session.call("prefetch_urls", { urls: ["https://example.com/a"] });
    expect(answer.text).toMatch(
      /^not_configured: The configuration is not finished\. huawei-vod: .*set HUAWEICLOUD_SDK_SK.*provider "http" works now/,
    );
    const named = await session.call("prefetch_urls", { urls: ["https://example.com/a"], provider: "http", dry_run: true });
    expect(named.structured).toMatchObject({ providers: ["http"], cost: 0 });
  });

  it("warns of a half-configured provider without showing its settings", async () => {
    let stderr = "";
    const env = { HUAWEICLOUD_SDK_AK: "half-an-access-key", ALIBABA_CLOUD_ACCESS_KEY_SECRET: "half-a-secret" };
    const session = await modernSession({ env, onStderr: (text) => (stderr += text) });
    onTestFinished(() => session.close());
    await expect.poll(() => stderr).toMatch(/huawei-vod: set HUAWEICLOUD_SDK_SK.*alibaba-vod: set ALIBABA_CLOUD_ACCESS_KEY_ID/s);
    expect(stderr).not.toMatch(/half-a/);
  });

  it("treats an unresolved placeholder of a host as unset", async () => {
    const placeholders = {
      HUAWEICLOUD_SDK_AK: "$" + "{user_config.ak}",
      PREFETCH_POLL_SECONDS: "$" + "{user_config.poll}",
      PREFETCH_SANDBOX: "$" + "{user_config.sandbox}",
      HUAWEICLOUD_SDK_SK: "",
    };
    const session = await modernSession({ env: { ...placeholders, PREFETCH_STORE: "memory:" } });
    onTestFinished(() => session.close());
    const answer = await session.call("prefetch_asset", { asset_id: "f488337c31c8e4622f1590735b134c65" });
    expect(answer.text).toMatch(/ huawei-vod: set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK \(or/);
    expect(answer.text).not.toContain("user_config");
  });

  it("warns of settings that do not exist, on stderr", async () => {
    let stderr = "";
    const session = await modernSession({ env: { PREFETCH_STOER: "x" }, onStderr: (text) => (stderr += text) });
    await session.close();
    expect(stderr).toMatch(/PREFETCH_STOER is set, but there is no such setting/);
  });

  it.each([
    [["--storr", "x"], {}, /Unknown option '--storr'\. Did you mean --store\?/],
    [["extra"], {}, /"extra" is no command\. Commands are warm, status, quota/],
    [[], { PREFETCH_STORE: "redis-ish" }, /PREFETCH_STORE must be sqlite:<path>, postgres:.* or memory:/],
    [
      ["--poll-seconds", "soon"],
      { PREFETCH_LOG_LEVEL: "loud" },
      /--poll-seconds must be a whole number.*PREFETCH_LOG_LEVEL must be one of/,
    ],
    [[], { PREFETCH_ALLOWED_DOMAINS: "https://example.com" }, /PREFETCH_ALLOWED_DOMAINS must be host names/],
  ])("with %j %j explains the mistake and exits with 1", (args, env, expected) => {
    const result = spawnSync(process.execPath, [bin, ...args], { env: { PATH: process.env.PATH, ...env }, encoding: "utf8", input: "" });
    expect(result.status).toBe(1);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(expected);
    expect(
      result.stderr
        .trim()
        .split("\n")
        .filter((line) => !line.includes("Warning")).length,
    ).toBe(1);
  });

  it("tells a person what it waits for when it starts in a terminal", async ({ skip }) => {
    const python = "python3";
    if (spawnSync(python, ["--version"]).error) {
      if (process.env.CI === "true") throw new Error("no python3 to open a terminal with");
      skip("no python3 to open a terminal with");
    }
    const inTerminal = ["-c", "import pty, sys; pty.spawn(sys.argv[1:])", process.execPath, bin, "--sandbox"];
    const terminal = spawn(python, inTerminal, { env: { ...baseEnv, HOME: mkdtempSync(join(tmpdir(), "home-")) } });
    onTestFinished(() => void terminal.kill());
    let shown = "";
    for await (const chunk of terminal.stdout) {
      shown += String(chunk);
      if (shown.includes("\n")) break;
    }
    expect(shown).toMatch(/^cdn-prefetch-mcp \S+ waits for an MCP client on stdin\..*--sandbox.*--help/);
  });

  it("answers --help and --version on stdout", () => {
    const help = execFileSync(process.execPath, [bin, "--help"], { encoding: "utf8" });
    expect(help).toMatch(/--sandbox, PREFETCH_SANDBOX/);
    expect(help).toMatch(/HUAWEICLOUD_SDK_AK/);
    expect(execFileSync(process.execPath, [bin, "--version"], { encoding: "utf8" })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

it("answers the official client's own transport, which asks for the revision on a process that it then ends", async () => {
  const session = await modernSession({ env: { PREFETCH_STORE: "memory:" } }, StdioClientTransport);
  onTestFinished(() => session.close());
  expect(session.generation).toBe("modern");
  expect((await session.call("get_prefetch_quota")).structured).toMatchObject({ quotas: [{ provider: "http" }] });
});

describe("too old a Node", () => {
  it("prints one line and exits with 1", ({ skip }) => {
    const old = findOldNode();
    if (old === undefined) {
      if (process.env.CI === "true") throw new Error("no Node older than 22.19 on PATH to test with");
      skip("no Node older than 22.19 on PATH");
      return;
    }
    const result = spawnSync(old, [bin, "--sandbox"], { encoding: "utf8", input: "" });
    expect(result.status).toBe(1);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(/^cdn-prefetch-mcp needs Node\.js 22\.19 or newer; this is \d+\.\d+\.\d+\..*\n$/);
  });
});

/** A machine's own Node, which the project's scripts otherwise leave alone. */
function findOldNode(): string | undefined {
  const name = process.platform === "win32" ? "node.exe" : "node";
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const candidate = join(folder, name);
    if (folder === "" || !existsSync(candidate)) continue;
    const { stdout } = spawnSync(candidate, ["--version"], { encoding: "utf8" });
    const [major = 99, minor = 0] = stdout.replace("v", "").split(".").map(Number);
    if (major < 22 || (major === 22 && minor < 19)) return candidate;
  }
  return undefined;
}

describe("secrets", () => {
  it("never reach stdout, stderr or the store, whatever goes wrong", async () => {
    const secrets = {
      ak: "SENTINELAK1234567890",
      sk: "sentinelSecretKey0987654321sentinel",
      securityToken: "sentinelSecurityToken==/+abcdefgh",
    };
    // Wrong keys: the emulator echoes the canonical request, signed token included, as the real gateway does.
    const emulator = await startHuaweiVod({ user: { ...secrets, sk: "another-secret-key" } });
    onTestFinished(() => emulator.close());
    const folder = mkdtempSync(join(tmpdir(), "store-"));
    let stderr = "";
    const session = await modernSession({
      args: ["--log-level", "trace"],
      env: {
        ...huaweiEnv(emulator, `sqlite:${join(folder, "s.sqlite")}`),
        HUAWEICLOUD_SDK_SK: secrets.sk,
        HUAWEICLOUD_SDK_SECURITY_TOKEN: secrets.securityToken,
      },
      onStderr: (text) => (stderr += text),
    });
    const answers = [
      await session.call("prefetch_urls", { urls: ["https://example.com/a.mp4"], force: true }),
      await session.call("prefetch_asset", { asset_id: "f488337c31c8e4622f1590735b134c65" }),
      await session.call("get_prefetch_status", { task_id: "5199337c31c8e4622f1590735b13a263", provider: "huawei-vod" }),
    ];
    await session.close();
    expect(answers.map((answer) => answer.text)).toEqual(Array(3).fill(expect.stringMatching(/^auth_failed: /)));
    // The refused key was tried once; then the circuit was open.
    expect(emulator.log).toHaveLength(1);
    const stored = execFileSync(
      "cat",
      readdirSync(folder).map((name) => join(folder, name)),
      { encoding: "latin1" },
    );
    for (const output of [stderr, stored, ...answers.map((answer) => answer.text)]) {
      for (const secret of Object.values(secrets)) expect(output).not.toContain(secret);
      expect(output).not.toMatch(/Signature=[0-9a-f]/);
    }
  });
});
