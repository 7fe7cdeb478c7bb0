/**
 * `cdn-prefetch-mcp doctor`, against installations that work and that do not. A shell runs it where the process itself matters: its
 * exit code, user, folder and output, and servers beside it. The other tests run the command in their own process.
 */

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { type AlibabaVodEmulatorOptions, startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { type HuaweiVodEmulatorOptions, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { createAuthority } from "../../../src/sandbox/server/certificates.ts";
import { startServer } from "../../../src/sandbox/server/server.ts";
import { tamper } from "../../storage/file-harness.ts";
import { alibabaEnv, huaweiEnv, modernSession } from "../harness/clients-harness.ts";
import { type CommandOptions, command, type Ended, newFolder, type ShellOptions, shell } from "../harness/shell-harness.ts";

const count = z.int().nonnegative();
const texts = { area: z.string().min(1), name: z.string().min(1), says: z.string().regex(/\.$/) };
const line = z.union([
  z.strictObject({ event: z.literal("check"), ...texts, state: z.literal("ok") }),
  z.strictObject({ event: z.literal("check"), ...texts, state: z.enum(["warning", "failed", "skipped"]), next: z.string().min(1) }),
  z.strictObject({ event: z.literal("summary"), ok: count, warning: count, failed: count, skipped: count }),
]);

type Row = { readonly area: string; readonly name: string; readonly state: string; readonly says: string; readonly next?: string };

interface Report {
  readonly code: number | null;
  readonly rows: readonly Row[];
  /** The rows of one area, by their names. */
  area(name: string): Readonly<Record<string, Row>>;
}

type Env = NonNullable<CommandOptions["env"]>;

const doctor = async (args: readonly string[], env: Env = {}): Promise<Report> =>
  reportOf(await command(["doctor", "--json", ...args], { env }));

const doctorInShell = async (args: readonly string[], env: Env = {}, more: ShellOptions = {}): Promise<Report> =>
  reportOf(await shell(["doctor", "--json", ...args], { env, ...more }));

function reportOf({ code, stdout, stderr }: Ended): Report {
  expect(stderr).toBe("");
  const events = stdout
    .trim()
    .split("\n")
    .map((text) => line.parse(JSON.parse(text)));
  const rows = events.flatMap((each) => (each.event === "check" ? [each] : []));
  const summary = events.at(-1);
  if (summary?.event !== "summary") throw new Error("The last line is no summary.");
  for (const state of ["ok", "warning", "failed", "skipped"] as const) {
    expect(summary[state]).toBe(rows.filter((row) => row.state === state).length);
  }
  expect(code).toBe(summary.failed === 0 ? 0 : 1);
  return { code, rows, area: (name) => Object.fromEntries(rows.filter((row) => row.area === name).map((row) => [row.name, row])) };
}

const failedIn = ({ rows }: Report) => rows.filter(({ state }) => state === "failed").map(({ area, name }) => `${area} ${name}`);

async function huawei(options: HuaweiVodEmulatorOptions = {}) {
  const emulator = await startHuaweiVod(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

async function alibaba(options: AlibabaVodEmulatorOptions = {}) {
  const emulator = await startAlibabaVod(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

const newStore = (): string => join(newFolder(), "store.sqlite");
const later = (minutes: number) => () => Date.now() + minutes * 60_000;

describe("an installation that works", () => {
  it("has no failed row, spends nothing, and ends with 0", async () => {
    const [first, second] = [await huawei(), await alibaba()];
    const path = newStore();
    const report = await doctorInShell([], { ...huaweiEnv(first), ...alibabaEnv(second), PREFETCH_STORE: `sqlite:${path}` });
    expect(failedIn(report)).toEqual([]);
    expect(report.area("program").node?.says).toContain(process.versions.node);
    expect(report.area("store").file).toMatchObject({ state: "ok", says: expect.stringContaining("does not exist yet") });
    expect(existsSync(path)).toBe(false);
    expect(report.area("huawei-vod")).toMatchObject({
      settings: { says: expect.stringContaining(first.projectId) },
      endpoint: { state: "ok", says: `${first.endpoint} answers.` },
      clock: { state: "ok" },
      credentials: { state: "ok" },
      quota: { state: "ok", says: expect.stringContaining("1,000 a day") },
    });
    expect(report.area("alibaba-vod").quota).toMatchObject({ state: "ok", says: expect.stringMatching(/^500 of 500 units/) });
    expect(report.area("http").credentials).toMatchObject({ state: "ok", says: expect.stringContaining("needs no credentials") });
    expect([first.spentToday, second.spentToday]).toEqual([0, 0]);
    expect([...first.log, ...second.log].flatMap(({ accepted }) => accepted)).toEqual([]);
  });

  it("needs no vendor, and tells how to set one up", async () => {
    const report = await doctor(["--store", "memory:"]);
    expect(failedIn(report)).toEqual([]);
    expect(report.area("store").file).toMatchObject({ state: "ok", says: expect.stringContaining("in memory") });
    expect(report.area("huawei-vod").settings).toMatchObject({ state: "skipped", next: expect.stringContaining("HUAWEICLOUD_SDK_AK") });
    expect(report.area("alibaba-vod").settings).toMatchObject({
      state: "skipped",
      next: expect.stringContaining("ALIBABA_CLOUD_ACCESS_KEY_ID"),
    });
    expect(report.area("settings").sources?.says).toContain("--store");
  });

  it("is checked while a server uses its store, which sends its tasks undisturbed", async () => {
    const emulator = await huawei();
    const env = huaweiEnv(emulator, `sqlite:${newStore()}`);
    const server = await modernSession({ env });
    onTestFinished(() => server.close());
    await server.call("prefetch_urls", { urls: ["https://example.com/a.mp4"] });
    const report = await doctorInShell([], env);
    expect(failedIn(report)).toEqual([]);
    expect(report.area("store").file?.says).toMatch(/schema \d+, 1 open task\.$/);
    expect((await server.call("prefetch_urls", { urls: ["https://example.com/b.mp4"] })).isError).toBe(false);
  });

  it("does not send a batch that is due in the store", async () => {
    const emulator = await alibaba();
    const path = newStore();
    const env = { ...alibabaEnv(emulator), PREFETCH_STORE: `sqlite:${path}` };
    const throttled = { kind: "answer", status: 503, body: '{"Code":"Throttling.User","Message":"Too many."}' } as const;
    emulator.inject({ action: "PreloadVodObjectCaches", fault: throttled, times: 50 });
    const warmed = await command(["warm", "https://vod.example.net/a.mp4", "--wait", "0", "--json"], { env });
    expect(warmed.stdout).toContain('"state":"queued"');
    tamper(path, "UPDATE batches SET not_before = 0; UPDATE pace SET next_slot = 0");
    emulator.clearFaults();
    // A server on this store looks for due batches after 5 seconds. The doctor still waits for the vendor then.
    emulator.inject({ method: "GET", fault: { kind: "delay", ms: 3_500 } });
    emulator.inject({ action: "DescribeVodRefreshTasks", fault: { kind: "delay", ms: 3_500 } });
    expect((await doctorInShell([], env)).area("store").file?.says).toContain("1 open task.");
    expect(emulator.spentToday).toBe(0);
  });

  it("is the sandbox", async () => {
    const report = await doctor(["--sandbox"]);
    expect(failedIn(report)).toEqual([]);
    expect(report.area("settings").sandbox).toMatchObject({ state: "ok" });
    for (const id of ["huawei-vod", "alibaba-vod"]) expect(report.area(id).credentials).toMatchObject({ state: "ok" });
  });
});

describe("a vendor", () => {
  it("that refuses the key is a failed row with the vendor's code, and no further request is made with the key", async () => {
    const emulator = await huawei();
    const report = await doctorInShell([], { ...huaweiEnv(emulator), HUAWEICLOUD_SDK_SK: "another-secret-key" });
    expect(failedIn(report)).toEqual(["huawei-vod credentials"]);
    expect(report.area("huawei-vod").credentials).toMatchObject({
      says: expect.stringContaining("APIGW.0301"),
      next: expect.stringContaining("Check the credentials"),
    });
    expect(report.area("huawei-vod")).not.toHaveProperty("quota");
    expect(emulator.log.filter(({ path }) => path.endsWith("/preheating"))).toHaveLength(1);
  });

  it("whose clock differs by 20 minutes fails where signatures are refused, and is a warning where they are cured", async () => {
    const [first, second] = [await huawei({ now: later(20) }), await alibaba({ now: later(-20) })];
    const report = await doctor([], { ...huaweiEnv(first), ...alibabaEnv(second), PREFETCH_STORE: "memory:" });
    expect(failedIn(report)).toEqual(["huawei-vod clock", "huawei-vod credentials"]);
    expect(report.area("huawei-vod").clock).toMatchObject({
      says: expect.stringContaining("20 minutes behind"),
      next: expect.stringContaining("NTP"),
    });
    expect(report.area("alibaba-vod")).toMatchObject({
      clock: { state: "warning", says: expect.stringContaining("20 minutes ahead") },
      credentials: { state: "ok" },
    });
  });

  it.each([
    ["whose name does not resolve", "https://vod.nowhere.invalid", /the name vod\.nowhere\.invalid does not resolve/, /spelling/],
    ["whose port is closed", "http://127.0.0.1:1", /ECONNREFUSED/, /endpoint/],
  ])("%s is a failed row, and its credentials are not checked", async (_, endpoint, says, next) => {
    const emulator = await huawei();
    const report = await doctor([], { ...huaweiEnv(emulator), PREFETCH_HUAWEI_VOD_ENDPOINT: endpoint });
    expect(failedIn(report)).toEqual(["huawei-vod endpoint"]);
    const { endpoint: row, credentials } = report.area("huawei-vod");
    expect(row).toMatchObject({ says: expect.stringMatching(says), next: expect.stringMatching(next) });
    expect(credentials).toMatchObject({ state: "skipped" });
    expect(emulator.log).toEqual([]);
  });

  it("whose certificate is not trusted is a failed row that names the usual reason", async () => {
    const { contextFor } = createAuthority();
    const server = await startServer({ now: Date.now, contextFor, answer: () => ({ status: 200, headers: {}, body: "" }) });
    onTestFinished(() => server.close());
    const endpoint = server.endpoint.replace("http://127.0.0.1", "https://localhost");
    const report = await doctor([], { ...huaweiEnv(await huawei()), PREFETCH_HUAWEI_VOD_ENDPOINT: endpoint });
    expect(report.area("huawei-vod").endpoint).toMatchObject({
      state: "failed",
      says: expect.stringContaining("certificate of localhost is not trusted"),
      next: expect.stringContaining("NODE_EXTRA_CA_CERTS"),
    });
  });

  it("that never answers is a failed row, beside the rows of every other check", async () => {
    const [silent, other] = [await huawei(), await alibaba()];
    silent.inject({ fault: { kind: "delay", ms: 600_000 }, times: 5 });
    const report = await doctor([], { ...huaweiEnv(silent), ...alibabaEnv(other), PREFETCH_STORE: "memory:" });
    expect(failedIn(report)).toEqual(["huawei-vod endpoint"]);
    expect(report.area("huawei-vod").endpoint?.says).toContain("got no answer within 5 seconds");
    expect(report.area("alibaba-vod").credentials).toMatchObject({ state: "ok" });
  });

  it("with a login is reached at both of its APIs", async () => {
    const emulator = await huawei();
    const { HUAWEICLOUD_SDK_AK: _ak, HUAWEICLOUD_SDK_SK: _sk, ...env } = huaweiEnv(emulator);
    const { user, password, domain } = emulator.user;
    const login = { PREFETCH_HUAWEI_IAM_USER: user, PREFETCH_HUAWEI_IAM_PASSWORD: password, PREFETCH_HUAWEI_IAM_DOMAIN: domain };
    const iam = emulator.endpoint.replace("127.0.0.1", "localhost");
    const good = await doctor([], { ...env, ...login, HUAWEICLOUD_SDK_IAM_ENDPOINT: iam });
    expect(failedIn(good)).toEqual([]);
    expect(good.rows.filter(({ name }) => name === "endpoint").map(({ says }) => says)).toEqual([
      `${emulator.endpoint} answers.`,
      `${iam} answers.`,
    ]);
    const bad = await doctor([], { ...env, ...login, PREFETCH_HUAWEI_IAM_PASSWORD: "wrong-password", HUAWEICLOUD_SDK_IAM_ENDPOINT: iam });
    expect(failedIn(bad)).toEqual(["huawei-vod credentials"]);
    expect(bad.area("huawei-vod").credentials?.next).toContain("PREFETCH_HUAWEI_IAM_USER");
  });

  it("is asked through the proxy, whose refusal is a failed row without the proxy's password", async () => {
    const asked: (string | undefined)[] = [];
    const proxy = createServer().on("connect", ({ url, headers }, socket) => {
      asked.push(url, headers["proxy-authorization"]);
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void proxy.close());
    const { port } = z.object({ port: z.number() }).parse(proxy.address());
    const env = {
      HTTPS_PROXY: `http://ann:sesame-7654321@127.0.0.1:${port}`,
      PREFETCH_HUAWEI_VOD_ENDPOINT: "https://vod.cn-north-4.myhuaweicloud.com",
    };
    const report = await doctor([], { ...huaweiEnv(await huawei()), ...env });
    expect(failedIn(report)).toEqual(["huawei-vod endpoint"]);
    expect(report.area("proxy").vendors?.says).toContain(`http://127.0.0.1:${port} with user and password`);
    expect(report.area("huawei-vod").endpoint).toMatchObject({
      says: expect.stringContaining("(status 407)"),
      next: expect.stringContaining("user and password"),
    });
    expect(asked).toEqual(["vod.cn-north-4.myhuaweicloud.com:443", `Basic ${Buffer.from("ann:sesame-7654321").toString("base64")}`]);
    expect(JSON.stringify(report.rows)).not.toContain("sesame");
  });

  it("that denies the permission is a failed row", async () => {
    const emulator = await huawei();
    emulator.inject({ fault: { kind: "answer", status: 403, body: '{"error_code":"VOD.10074","error_msg":"No permission."}' }, times: 5 });
    const { credentials } = (await doctor([], huaweiEnv(emulator))).area("huawei-vod");
    expect(credentials).toMatchObject({ state: "failed", next: expect.stringContaining("vod:asset:getPreheatTask") });
  });

  it("whose quota is used up is a warning", async () => {
    const emulator = await alibaba({ dailyLimit: 0 });
    const report = await doctor([], { ...alibabaEnv(emulator), PREFETCH_STORE: "memory:" });
    expect(report).toMatchObject({ code: 0 });
    expect(report.area("alibaba-vod").quota).toMatchObject({ state: "warning", next: expect.stringContaining("next day") });
  });

  it("with half of its settings is a failed row that names the missing ones", async () => {
    const report = await doctor(["--store", "memory:"], { HUAWEICLOUD_SDK_AK: "AK0000" });
    expect(failedIn(report)).toEqual(["huawei-vod settings"]);
    expect(report.area("huawei-vod").settings?.next).toMatch(
      /^Set HUAWEICLOUD_SDK_SK \(HUAWEICLOUD_SDK_AK is set without it\); set HUAWEICLOUD_SDK_PROJECT_ID/,
    );
    expect(report.area("urls").routes).toMatchObject({ state: "warning" });
  });
});

describe("a store", () => {
  const fileRow = async (path: string, more?: ShellOptions) => {
    const env = { PREFETCH_STORE: `sqlite:${path}` };
    const report = await (more ? doctorInShell([], env, more) : doctor([], env));
    expect(failedIn(report)).toEqual(["store file"]);
    return report.area("store").file;
  };

  it("of a newer schema fails, and stays as it is", async () => {
    const path = newStore();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA journal_mode = WAL; CREATE TABLE tasks (id TEXT); PRAGMA user_version = 999");
    db.close();
    const before = readFileSync(path);
    expect(await fileRow(path)).toMatchObject({ says: expect.stringContaining("newer version"), next: expect.stringContaining("Update") });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("with a relative path is a warning, and is shown with its whole path", async () => {
    const folder = newFolder();
    const store = (await doctorInShell(["--store", "sqlite:a.sqlite"], {}, { cwd: folder })).area("store");
    expect(store).toMatchObject({
      path: { state: "warning" },
      file: { state: "ok", says: expect.stringContaining(join(realpathSync(folder), "a.sqlite")) },
    });
  });

  it("without a home folder is not looked at", async () => {
    const report = await doctorInShell([], { HOME: "" });
    expect(failedIn(report)).toEqual(["settings start"]);
    expect(report.area("store").settings).toMatchObject({ state: "skipped" });
  });

  it("below a file cannot be created", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "file"), "");
    expect(await fileRow(join(folder, "file", "deeper", "store.sqlite"))).toMatchObject({
      says: expect.stringContaining("file"),
      next: expect.stringContaining("PREFETCH_STORE"),
    });
  });

  it("in a folder that may not be written fails, without a new file", async () => {
    const folder = newFolder();
    chmodSync(folder, 0o555);
    // Root may write everything.
    const uid = process.geteuid?.() === 0 ? 65_534 : undefined;
    const row = await fileRow(join(folder, "new", "store.sqlite"), { uid });
    expect(row).toMatchObject({ says: expect.stringContaining(`may not write in ${folder}`) });
    expect(existsSync(join(folder, "new"))).toBe(false);
  });
});

describe("settings", () => {
  it("that are malformed are failed rows, each with its name, and what relies on them is skipped", async () => {
    const report = await doctor(["--poll-seconds", "soon", "--url", "https://example.com/a.mp4"], {
      PREFETCH_STORE: "/var/prefetch.sqlite",
      PREFETCH_ROUTES: "example.com=huawei",
      PREFETCH_STOER: "x",
    });
    expect(failedIn(report)).toEqual(["settings PREFETCH_STORE", "settings PREFETCH_POLL_SECONDS", "settings PREFETCH_ROUTES"]);
    const settings = report.area("settings");
    expect(settings.PREFETCH_POLL_SECONDS?.says).toMatch(/^--poll-seconds must be a whole number/);
    expect(settings.variables).toMatchObject({ state: "warning", says: expect.stringContaining("Did you mean PREFETCH_STORE?") });
    for (const area of ["store", "urls", "url"]) expect(report.area(area).settings).toMatchObject({ state: "skipped" });
    expect(report.area("http").settings).toMatchObject({ state: "ok" });
  });

  it("that contradict each other are failed rows, all of them", async () => {
    const report = await doctor(["--store", "memory:"], {
      PREFETCH_TRANSPORT: "http",
      PREFETCH_SERVER_HOST: "0.0.0.0",
      PREFETCH_SERVER_OAUTH_AUDIENCE: "https://mcp.example.com",
    });
    expect(report.rows.filter(({ state }) => state === "failed").map(({ says }) => says)).toEqual([
      expect.stringContaining("OAuth is off"),
      expect.stringContaining("full access"),
    ]);
  });

  it("of provider http that are malformed fail it", async () => {
    const report = await doctor(["--store", "memory:"], { PREFETCH_HTTP_MODE: "post" });
    expect(failedIn(report)).toEqual(["http settings"]);
    expect(report.area("http").settings?.next).toContain("PREFETCH_HTTP_MODE must be get or head");
  });
});

describe("the token list of the HTTP server", () => {
  const token = (more: object = {}) => ({ name: "ann", sha256: "a".repeat(64), scopes: ["prefetch:read"], ...more });
  const listed = async (content: string, mode: number) => {
    const file = join(newFolder(), "tokens.json");
    writeFileSync(file, content);
    chmodSync(file, mode);
    return doctor(["--store", "memory:", "--transport", "http", "--tokens-file", file]);
  };

  it("is counted, and is a warning when other users can read it", async () => {
    const report = await listed(JSON.stringify([token(), token({ name: "bob", sha256: "b".repeat(64) })]), 0o644);
    expect(report.code).toBe(0);
    expect(report.area("server")).toMatchObject({
      tokens: { state: "ok", says: "The list can be read and holds 2 tokens." },
      permissions: { state: "warning", says: expect.stringContaining("mode 644") },
    });
    expect(JSON.stringify(report.rows)).not.toContain("aaaa");
  });

  it("is a warning when a token has expired, and private to its owner", async () => {
    const { tokens, permissions } = (await listed(JSON.stringify([token({ expires: "2020-01-01T00:00:00Z" })]), 0o600)).area("server");
    expect([tokens?.state, permissions?.state]).toEqual(["warning", "ok"]);
  });

  it("is not read when it is a named pipe, which would wait for ever", async () => {
    const pipe = join(newFolder(), "pipe");
    execFileSync("mkfifo", [pipe]);
    const report = await doctor(["--store", "memory:", "--transport", "http", "--tokens-file", pipe]);
    expect(report.area("server").tokens).toMatchObject({ state: "warning", says: expect.stringContaining("no regular file") });
  });

  it("is not read for a server over stdio", async () => {
    const report = await doctor(["--store", "memory:"], { PREFETCH_SERVER_TOKENS_FILE: "/nowhere/tokens.json" });
    expect(failedIn(report)).toEqual([]);
    expect(report.area("server").tokens).toMatchObject({ state: "skipped", next: expect.stringContaining("--transport http") });
  });

  it.each([
    ["not JSON", "sesame", /is not JSON/],
    ["of the wrong form", "[{}]", /sha256 must be/],
  ])("fails when it is %s", async (_, content, says) => {
    const report = await listed(content, 0o600);
    expect(failedIn(report)).toEqual(["server tokens"]);
    expect(report.area("server").tokens?.says).toMatch(says);
    expect(JSON.stringify(report.rows)).not.toContain("sesame");
  });
});

describe("--url", () => {
  const urlRows = async (url: string, ...args: string[]) => {
    const report = await doctor(["--sandbox", "--url", url, ...args]);
    return { ...report, row: report.area("url"), failed: failedIn(report) };
  };

  it("tells the provider, why, and the edge's answer, for each URL", async () => {
    const report = await doctor(["--sandbox", "--url", "https://example.com/a,b.mp4", "--url", "https://cloudflare.example.org/c.mp4"]);
    const says = report.rows.filter(({ area }) => area === "url").map((row) => row.says);
    expect(says).toEqual([
      "https://example.com/a,b.mp4 goes to huawei-vod, by the route example.com.",
      expect.stringMatching(/^https:\/\/example\.com\/a,b\.mp4 is \w+/),
      "https://cloudflare.example.org/c.mp4 goes to http, by the route *.",
      expect.stringMatching(/^https:\/\/cloudflare\.example\.org\/c\.mp4 is \w+ \(Cloudflare/),
    ]);
  });

  it("tells a named provider, and the only one", async () => {
    expect((await urlRows("https://example.com/a.mp4", "--provider", "http")).row.provider?.says).toContain(
      "goes to http, which --provider names",
    );
    const report = await doctor(["--store", "memory:", "--url", "http://10.0.0.1/a"]);
    expect(report.area("url").provider).toMatchObject({ state: "failed", says: expect.stringContaining("not a public address") });
  });

  it("is a failed row when the host cannot be reached", async () => {
    const report = await doctor(["--store", "memory:", "--url", "https://media.nowhere.invalid/a.mp4"]);
    expect(failedIn(report)).toEqual(["url edge"]);
    expect(report.area("url").edge).toMatchObject({
      says: expect.stringContaining("media.nowhere.invalid failed"),
      next: expect.stringContaining("curl"),
    });
  });

  it.each([
    ["http://10.0.0.1/a", [], /10\.0\.0\.1 is not a public address/, /./],
    ["https://example.com/a", ["--allowed-domains", "cdn.example.com"], /PREFETCH_ALLOWED_DOMAINS does not list/, /Use a host/],
    ["", [], /^\(empty\) is refused: The URL is empty/, /Correct the URL/],
    ["not a URL", [], /not an absolute URL/, /Correct the URL/],
    ["https://example.com/a", ["--provider", "cloudfront"], /"cloudfront" is not known/, /Choose one of/],
  ])("refuses %s %j as a call would, without asking the edge", async (url, args, says, next) => {
    const {
      row: { provider, edge },
      failed,
    } = await urlRows(url, ...args);
    expect(failed).toEqual(["url provider"]);
    expect(provider).toMatchObject({ says: expect.stringMatching(says), next: expect.stringMatching(next) });
    expect(edge).toMatchObject({ state: "skipped" });
  });
});

describe("the command line", () => {
  const refused = async (run: typeof shell, ...args: string[]): Promise<Ended> => {
    const ended = await run(["doctor", ...args]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    return ended;
  };

  it("is refused with advice for an unknown flag, an operand, a provider without a URL, and too many URLs", async () => {
    expect((await refused(shell, "--urll", "x")).stderr).toContain("Did you mean --url?");
    expect((await refused(command, "https://example.com/a")).stderr).toContain("Name a URL with --url.");
    expect((await refused(command, "--provider", "http")).stderr).toContain("Add --url.");
    const many = Array.from({ length: 21 }, (_, nth) => ["--url", `https://example.com/${nth}`]).flat();
    expect((await refused(command, ...many)).stderr).toContain("21 URLs were given; it looks at 20 at most");
  });

  it("has its own error as JSON when asked for JSON", async () => {
    const { code, stdout, stderr } = await command(["doctor", "x", "--json"]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ event: "error", code: "invalid_argument", hint: "Name a URL with --url." });
  });

  it("prints one line for each finding in a pipe, without colours, and the counts", async () => {
    const { code, stdout } = await shell(["doctor", "--sandbox"]);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.at(-1)).toMatch(/^\d+ ok(, \d+ warning)?$/);
    for (const text of lines.slice(0, -2)) expect(text).toMatch(/^(ok|warning) +\S+ \S.*: .*\.$/);
    expect(stdout).not.toContain("\u001b");
  });
});

describe("secrets", () => {
  it("are in no output, wherever they stand", async () => {
    const emulator = await huawei();
    const sk = "sesame-of-huawei-0123456789";
    emulator.inject({
      fault: {
        kind: "answer",
        status: 401,
        body: JSON.stringify({ error_code: "APIGW.0301", error_msg: `bad key ${sk} and ${emulator.user.ak}` }),
      },
      times: 20,
    });
    const env = {
      ...huaweiEnv(emulator),
      HUAWEICLOUD_SDK_SK: sk,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: "sesame-of-alibaba-0123456789",
      HTTPS_PROXY: "http://sesame-user:sesame-password@127.0.0.1:1",
      PREFETCH_STORE: "postgres://root:sesame-database@db.example.com/x",
      PREFETCH_HTTP_HEADERS: '{"cdn.example.com":{"cookie":"session=sesame-cookie-0123"}}',
      PREFETCH_SERVER_TOKENS: '[{"name":"sesame-token-in-clear"}]',
    };
    const args = ["doctor", "--url", "https://me:sesame-of-url@example.com/a", "--url", `https://example.com/?x=${sk}`];
    for (const more of [[], ["--json"]]) {
      const { code, stdout, stderr } = await shell([...args, ...more], { env });
      expect(code).toBe(1);
      expect(stdout).toContain("bad key");
      expect(stdout + stderr).not.toMatch(/sesame-(of|user|password|database|cookie|token)/);
      expect(stdout + stderr).not.toContain(emulator.user.ak);
    }
  });
});
