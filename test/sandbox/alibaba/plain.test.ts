/** The emulated Alibaba Cloud CDN and DCDN, driven by the vendor's own clients for these products. */

import { createRequire } from "node:module";
import { afterEach, describe, expect, it } from "vitest";
import { type AlibabaPlainEmulator, startAlibabaCdn, startAlibabaDcdn } from "../../../src/sandbox/alibaba/plain.ts";

interface Row {
  readonly taskId?: string;
  readonly objectPath?: string;
  readonly status?: string;
  readonly process?: string;
}

/** The fields of the clients' answers that tests read. */
interface Body {
  readonly pushTaskId?: string;
  readonly preloadTaskId?: string;
  readonly refreshTaskId?: string;
  readonly preloadQuota?: string;
  readonly preloadRemain?: string;
  readonly urlRemain?: string;
  readonly totalCount?: number;
  readonly domains?: { readonly pageData?: readonly { readonly domainName?: string; readonly domainStatus?: string }[] };
  readonly tasks?: { readonly CDNTask?: readonly Row[]; readonly task?: readonly Row[] };
}

type Method = (request: object) => Promise<{ readonly body: Body }>;
type Model = new (fields: object) => object;

interface ClientModule {
  readonly default: new (config: object) => Readonly<Record<string, Method>>;
  readonly [model: string]: unknown;
}

// Node and Vitest differ in the default import of a CommonJS module, so these are `require`s.
const load = createRequire(import.meta.url);
const { $OpenApiUtil }: { readonly $OpenApiUtil: { readonly Config: new (values: object) => object } } = load("@alicloud/openapi-core");

/** One product as its client names it. The clients are generated from the vendor's own description of the API. */
const products = [
  {
    name: "CDN",
    start: startAlibabaCdn,
    client: load("@alicloud/cdn20180510") as ClientModule,
    host: "ali-cdn.example.net",
    calls: {
      prefetch: "PushObjectCache",
      refresh: "RefreshObjectCaches",
      list: "DescribeRefreshTasks",
      quota: "DescribeRefreshQuota",
      domains: "DescribeUserDomains",
    },
    prefetchId: ({ pushTaskId }: Body) => pushTaskId,
    rows: ({ tasks }: Body) => tasks?.CDNTask ?? [],
  },
  {
    name: "DCDN",
    start: startAlibabaDcdn,
    client: load("@alicloud/dcdn20180115") as ClientModule,
    host: "ali-dcdn.example.net",
    calls: {
      prefetch: "PreloadDcdnObjectCaches",
      refresh: "RefreshDcdnObjectCaches",
      list: "DescribeDcdnRefreshTasks",
      quota: "DescribeDcdnRefreshQuota",
      domains: "DescribeDcdnUserDomains",
    },
    prefetchId: ({ preloadTaskId }: Body) => preloadTaskId,
    rows: ({ tasks }: Body) => tasks?.task ?? [],
  },
] as const;

describe.each(products)("the official client for $name", ({ start, client: module, host, calls, prefetchId, rows }) => {
  let emulator: AlibabaPlainEmulator | undefined;
  afterEach(() => emulator?.close());

  const url = (name: string) => `https://${host}/${name}.mp4`;

  async function connect(options: Parameters<typeof start>[0] = {}, secret?: string) {
    emulator = await start({ firstMs: 0, eachMs: 0, ...options });
    const { accessKeyId, accessKeySecret } = emulator.user;
    const endpoint = new URL(emulator.endpoint).host;
    const config = new $OpenApiUtil.Config({ accessKeyId, accessKeySecret: secret ?? accessKeySecret, endpoint, protocol: "HTTP" });
    const client = new module.default(config);
    return async (call: string, fields: object = {}): Promise<Body> => {
      const Request = module[`${call}Request`] as Model | undefined;
      const method = `${call.charAt(0).toLowerCase()}${call.slice(1)}`;
      const request = Request === undefined ? [] : [new Request(fields)];
      return (await (client[method] as (...args: object[]) => ReturnType<Method>).apply(client, request)).body;
    };
  }

  it("prefetches, and finds every row by the task's id and by its domain", async () => {
    const ask = await connect();
    const taskId = prefetchId(await ask(calls.prefetch, { objectPath: [url("a"), url("fail-b")].join("\n"), area: "domestic" }));
    expect(taskId).toMatch(/^\d+$/);
    const byId = await ask(calls.list, { taskId, objectType: "preload", pageSize: 50, pageNumber: 1 });
    expect(rows(byId).map((row) => [row.objectPath, row.status])).toEqual([
      [url("a"), "Complete"],
      [url("fail-b"), "Failed"],
    ]);
    const byDomain = await ask(calls.list, { objectType: "preload", domainName: host });
    expect(byDomain.totalCount).toBe(2);
    expect(emulator?.warmedAt(url("a"))).toBeTypeOf("number");
  });

  it("refreshes in the place where it sends parameters, and counts apart", async () => {
    const ask = await connect();
    await ask(calls.prefetch, { objectPath: url("a") });
    const { refreshTaskId } = await ask(calls.refresh, { objectPath: url("a"), objectType: "File" });
    expect(refreshTaskId).toMatch(/^\d+$/);
    expect(await ask(calls.quota)).toMatchObject({ preloadQuota: "1000", preloadRemain: "999", urlRemain: "9999" });
    expect(emulator?.warmedAt(url("a"))).toBeUndefined();
  });

  it("lists the account's domains with their states, in pages", async () => {
    const domains = [host, ".wild.example.com", "old.example.com"];
    const ask = await connect({ domains, domainStates: { "old.example.com": "offline" } });
    const pages = [1, 2].map((pageNumber) => ask(calls.domains, { pageNumber, pageSize: 2 }));
    const found = await Promise.all(pages);
    expect(found.map(({ totalCount }) => totalCount)).toEqual([3, 3]);
    expect(found.flatMap((page) => page.domains?.pageData ?? []).map((row) => [row.domainName, row.domainStatus])).toEqual([
      [host, "online"],
      [".wild.example.com", "online"],
      ["old.example.com", "offline"],
    ]);
    await expect(ask(calls.domains, { pageSize: 501 })).rejects.toMatchObject({ code: expect.stringContaining("InvalidPageSize") });
    expect(prefetchId(await ask(calls.prefetch, { objectPath: "https://a.wild.example.com/a.mp4" }))).toMatch(/^\d+$/);
  });

  it.each([
    ["a domain of another account", { objectPath: "https://foreign.example.org/a.mp4" }, {}, "InvalidDomain.NotFound"],
    ["a malformed URL", { objectPath: "https://a b/" }, {}, "InvalidObjectPath.Malformed"],
    ["no URL", {}, {}, "MissingParameter"],
    ["more than the day's quota", { objectPath: `https://${host}/a.mp4\nhttps://${host}/b.mp4` }, { dailyLimit: 1 }, /^QuotaExceeded\./],
    ["a full queue", { objectPath: `https://${host}/a.mp4\nhttps://${host}/b.mp4` }, { queueLimit: 1 }, "PreloadQueueFull"],
    ["a suspended account", { objectPath: `https://${host}/a.mp4` }, { account: "suspended" }, "OperationDenied.Suspended"],
  ] as const)("reads the refusal of %s", async (_, fields, options, code) => {
    const ask = await connect(options);
    const error = await ask(calls.prefetch, fields).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: typeof code === "string" ? expect.stringContaining(code) : expect.stringMatching(code) });
    expect(emulator?.spentToday).toBe(0);
  });

  it("is refused with a wrong secret", async () => {
    const ask = await connect({}, "wrong-secret");
    await expect(ask(calls.quota)).rejects.toMatchObject({ code: expect.stringContaining("SignatureDoesNotMatch") });
  });
});
