/**
 * Vendors, edges, manifests and callers write the server's secrets in every encoding and in every place, beside terminal
 * sequences and bidi characters; no output of the server shows a secret or such a character.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it, onTestFinished } from "vitest";
import { base64Form, forms, inBase64 } from "../../base/encodings-harness.ts";
import { baseEnv, bin } from "../harness/clients-harness.ts";
import { startServer } from "../harness/http-server-harness.ts";
import { bearer, call, entry, modern, type Reply, send } from "../harness/raw-http-harness.ts";
import { type EchoServer, startEcho } from "./echo-harness.ts";
import { invisibleIn, leakIn, type Planted, type Shown } from "./leaks-harness.ts";

const key = fc.string({
  unit: fc.constantFrom(..."ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789"),
  minLength: 20,
  maxLength: 40,
});
/** Values of headers and passwords also have signs. */
const sign = fc.constantFrom(..."ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789+/=_-.~!*'(),;:@&%$#[]<>|");
const phrase = fc.string({ unit: sign, minLength: 12, maxLength: 40 });
const secretsArbitrary = fc.record({
  sk: phrase,
  sts: phrase,
  password: phrase,
  iam: phrase,
  caller: key,
  first: phrase,
  second: phrase,
});
type SecretsOf = typeof secretsArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

const spoofs = ["", "\u001b[31m", "\u202e", "\u2066\u200f", "\u{e0041}\u{e007f}", "\u2028", "\u0000\u0007", "\ufeff"];
/** How a vendor says it. */
const sceneArbitrary = fc.record({
  which: fc.nat(),
  form: fc.option(fc.constantFrom(...Object.keys(forms)), { freq: 4 }),
  base64: base64Form,
  lead: fc.constantFrom("", "error: ", "x=", "token ", '{"a":"', "a".repeat(180), "b".repeat(285)),
  spoof: fc.constantFrom(...spoofs),
  status: fc.constantFrom(200, 200, 302, 400, 403, 404, 500),
});
type Scene = typeof sceneArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

function plant(secrets: readonly string[], { which, form, base64 }: Scene): Planted {
  const secret = secrets[which % secrets.length] ?? "";
  // Line breaks as they are divide a list of URLs and end a header.
  const written = form === null ? inBase64(secret, base64) : (forms[form]?.(secret) ?? "");
  return { secret, written };
}

async function serverWith(secrets: SecretsOf, echo: EchoServer) {
  const home = mkdtempSync(join(tmpdir(), "redaction-"));
  const { sk, sts, password, caller, first, second } = secrets;
  const profile = { name: "default", mode: "StsToken", access_key_id: "LTAI5tFakeKeyForTests001", access_key_secret: sk, sts_token: sts };
  mkdirSync(join(home, ".aliyun"));
  writeFileSync(join(home, ".aliyun", "config.json"), JSON.stringify({ current: "default", profiles: [profile] }));
  const server = await startServer(
    {
      HOME: home,
      PREFETCH_STORE: `sqlite:${join(home, "store", "prefetch.sqlite")}`,
      PREFETCH_ALIBABA_VOD_ENDPOINT: echo.origin,
      PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: echo.origin,
      PREFETCH_HUAWEI_IAM_USER: "reader",
      PREFETCH_HUAWEI_IAM_PASSWORD: password,
      PREFETCH_HUAWEI_IAM_DOMAIN: "example-account",
      HUAWEICLOUD_SDK_IAM_ENDPOINT: echo.origin,
      HUAWEICLOUD_SDK_PROJECT_ID: "0123456789abcdef0123456789abcdef",
      PREFETCH_HUAWEI_VOD_ENDPOINT: echo.origin,
      PREFETCH_HTTP_VARIANTS: JSON.stringify([{ "x-my-pass": first }, { "x-my-pass": second }]),
      PREFETCH_HTTP_ALLOW_LOOPBACK: "1",
      PREFETCH_HTTP_REDIRECTS: "2",
      PREFETCH_POLL_SECONDS: "0",
      PREFETCH_LOG_LEVEL: "trace",
      PREFETCH_SERVER_TOKENS: JSON.stringify([entry("all", caller, ["prefetch:read", "prefetch:write", "prefetch:admin"])]),
    },
    [],
  );
  return { server, store: join(home, "store") };
}

/** Another seed is another run. More scenes also start more servers that refuse to. */
const SEED = Number(process.env.REDACTION_SEED ?? 1);
const SCENES = Number(process.env.REDACTION_SCENES ?? 10);
let run = 0;

/** The calls of one run. */
function requestsOf(origin: string, written: string): [string, Record<string, unknown>][] {
  run += 1;
  const [plain, list] = [`${origin}/${run}/a.mp4`, `${origin}/${run}/list.m3u8`];
  const providers = ["http", "huawei-vod", "alibaba-vod"];
  return [
    ...providers.map((provider): [string, Record<string, unknown>] => [
      "prefetch_urls",
      { urls: [plain, `bad ${run} \u202e\u001b[1m`], provider, force: true },
    ]),
    ["prefetch_urls", { urls: [list], provider: "http", expand: "streams", wait_seconds: 1 }],
    ...providers.slice(1).map((provider): [string, Record<string, unknown>] => ["prefetch_asset", { asset_id: `asset-${run}`, provider }]),
    ["verify_prefetch", { urls: [plain] }],
    ["get_prefetch_quota", {}],
    // These calls hand the secret over.
    ["prefetch_urls", { urls: [plain, `${origin}/b?x=${written}`], provider: "http" }],
    ["prefetch_urls", { urls: [plain], provider: written, [written]: 1 }],
    ["prefetch_asset", { asset_id: written }],
    ["get_prefetch_status", { task_id: written, cursor: written }],
    ["verify_prefetch", { urls: [written] }],
  ];
}

it("shows no secret and no invisible character in any output, however and wherever they are echoed", async () => {
  for (const secrets of fc.sample(secretsArbitrary, { numRuns: 2, seed: SEED })) {
    const echo = await startEcho(secrets.iam);
    onTestFinished(() => echo.close());
    const { server, store } = await serverWith(secrets, echo);
    const headers = bearer(secrets.caller);
    const planted: Planted[] = Object.values(secrets).map((secret) => ({ secret, written: secret }));
    const shown: Shown[] = [];
    const ask = async (place: string, message: { headers: Readonly<Record<string, string>>; body: string }): Promise<Reply> => {
      const reply = await send(server, message);
      shown.push({ place, text: reply.body }, { place: `the headers of ${place}`, text: JSON.stringify(reply.headers) });
      return reply;
    };
    const read = async (uri: string) => ask(uri, modern("resources/read", { uri }, headers));
    const check = (): void => {
      expect(leakIn(shown, planted)).toBeUndefined();
      expect(invisibleIn(shown)).toBeUndefined();
      shown.length = 0;
    };
    // The vendors' tokens are fetched before they are echoed.
    await ask("a first call", call("prefetch_asset", { asset_id: "first", provider: "huawei-vod" }, headers));

    await fc.assert(
      fc.asyncProperty(sceneArbitrary, async (scene) => {
        const plantedNow = plant(Object.values(secrets), scene);
        planted.push(plantedNow);
        echo.echo = { text: `${scene.lead}${scene.spoof}${plantedNow.written} end`, status: scene.status as EchoServer["echo"]["status"] };
        const requests = requestsOf(echo.origin, plantedNow.written).map(async ([tool, args]) => {
          const reply = await ask(`${tool} ${JSON.stringify(args)}`, call(tool, args, headers));
          const [taskId] = /pf_[0-9a-f-]{36}/.exec(reply.body) ?? [];
          if (taskId === undefined) return;
          await ask(`get_prefetch_status after ${tool}`, call("get_prefetch_status", { task_id: taskId, detail: "all" }, headers));
          await read(`prefetch://tasks/${taskId}`);
        });
        await Promise.all(requests);
        await ask("list_prefetch_tasks", call("list_prefetch_tasks", {}, headers));
        await ask("a prompt", modern("prompts/get", { name: "publish_and_warm", arguments: { what: plantedNow.written } }, headers));
        await read(`prefetch://tasks/${encodeURIComponent(plantedNow.written)}`);
        check();
      }),
      { numRuns: SCENES, seed: SEED, endOnFailure: true },
    );

    for (const uri of ["prefetch://quota", "prefetch://providers", "prefetch://quota/huawei-vod"]) await read(uri);
    const metrics = await send(server, { method: "GET", path: "/metrics", headers });
    shown.push({ place: "/metrics", text: metrics.body });
    expect(await server.stop()).toBe(0);
    for (const line of server.log) shown.push({ place: "the log", text: line });
    for (const file of readdirSync(store)) shown.push({ place: file, text: readFileSync(join(store, file), "latin1") });
    expect(shown.filter(({ place }) => place.startsWith("prefetch.sqlite"))).not.toHaveLength(0);
    check();
  }
}, 240_000);

it("shows no secret on stderr when it does not start", () => {
  for (const { sk, password } of fc.sample(secretsArbitrary, { numRuns: Math.ceil(SCENES / 10), seed: SEED })) {
    for (const args of [[`--${sk}`], [sk], ["--port", sk], ["--routes", `\u202e${encodeURIComponent(password)}`]]) {
      const env = { ...baseEnv, HUAWEICLOUD_SDK_SK: sk, PREFETCH_HUAWEI_IAM_PASSWORD: password };
      const { stderr, status } = spawnSync(process.execPath, [bin, "--transport", "http", ...args], { env, encoding: "utf8", input: "" });
      expect(status).toBe(1);
      const planted = [sk, password].flatMap((secret) => [secret, encodeURIComponent(secret)].map((written) => ({ secret, written })));
      expect(leakIn([{ place: "stderr", text: stderr }], planted)).toBeUndefined();
      expect(stderr).not.toContain("\u202e");
    }
  }
});
