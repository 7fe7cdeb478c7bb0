/** The three accounts of a round of the soak: emulated vendors and an edge, behind wires that are slow and lose messages. */

import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { startEdge } from "../../../src/sandbox/edge/edge.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, huaweiEnv } from "../harness/clients-harness.ts";
import { seeded } from "./random-harness.ts";
import { type AccountName, type Plan, SLOWEST_MS } from "./schedule-harness.ts";
import { startWire, type Wire } from "./wire-harness.ts";

const HUAWEI_LIMIT = 1_000;
/** Ten URLs of this length fill a request of Alibaba Cloud. */
const ALIBABA_URL_LENGTH = 560;
/** Share of the requests that get lost when their sender dies. */
const LOST_WITH_SENDER = 0.25;

/** A vendor's own record of a URL: how often a request that it accepted named the URL. */
export interface Received {
  readonly account: AccountName;
  readonly url: string;
  readonly times: number;
}

/** The wires of one server to the vendors. */
export type ServerWires = Readonly<Record<"huawei" | "alibaba", Wire>>;

export type Accounts = Awaited<ReturnType<typeof startAccounts>>;

/** The day in China. */
export const dayOf = (at: number): string => new Date(at + 8 * 3_600_000).toISOString().slice(0, 10);

/** `isCalm`: the vendors answer at once, and nothing gets lost. */
export async function startAccounts(plan: Plan, now: () => number, isCalm: () => boolean) {
  const random = seeded(plan.seed ^ 0x5eed);
  const password = plan.login === "password";
  const huawei = await startHuaweiVod({ now, dailyLimit: HUAWEI_LIMIT });
  const alibaba = await startAlibabaVod({ now, dailyLimit: plan.alibabaLimit, listDelayMs: plan.listDelayMs });
  const edge = await startEdge({ now });
  const options = {
    delay: (_: unknown, spending: boolean) => {
      if (isCalm() || !spending || !random.chance(plan.slow / 2)) return random.upTo(15);
      // The two legs of a request together.
      return random.upTo(SLOWEST_MS / 2);
    },
    fate: (leg: "there" | "back") =>
      !isCalm() && random.chance(leg === "there" ? plan.lostThere : plan.lostBack) ? ("is lost" as const) : ("goes on" as const),
    loses: () => random.chance(LOST_WITH_SENDER),
  };
  const wires: Wire[] = [];
  const wireTo = async (target: string, spends: Parameters<typeof startWire>[0]["spends"]): Promise<Wire> => {
    const wire = await startWire({ target, spends, ...options });
    wires.push(wire);
    return wire;
  };
  const toEdge = await wireTo(edge.endpoint, () => true);
  const urlOf: Record<AccountName, (tag: string, index: number) => string> = {
    huawei: (tag, index) => `https://example.com/${tag}/${index}.mp4`,
    alibaba: (tag, index) => `https://${index % 2 === 0 ? "vod" : "media"}.example.net/${tag}/${index}-`.padEnd(ALIBABA_URL_LENGTH, "x"),
    http: (tag, index) => `${toEdge.endpoint}/${tag}/${index}.bin`,
  };
  return {
    urlOf,
    wiresOfServer: async (): Promise<ServerWires> => ({
      huawei: await wireTo(huawei.endpoint, (request) => request.url?.endsWith("/preheating") === true && request.method === "POST"),
      alibaba: await wireTo(alibaba.endpoint, (request) => request.headers["x-acs-action"] === "PreloadVodObjectCaches"),
    }),
    env: (toVendors: ServerWires): Record<string, string> => ({
      ...huaweiEnv(huawei),
      ...(password && { HUAWEICLOUD_SDK_AK: "", HUAWEICLOUD_SDK_SK: "", ...passwordEnv(huawei) }),
      ...alibabaEnv(alibaba),
      PREFETCH_HUAWEI_VOD_ENDPOINT: toVendors.huawei.endpoint,
      PREFETCH_ALIBABA_VOD_ENDPOINT: toVendors.alibaba.endpoint,
      PREFETCH_ALIBABA_VOD_MEDIA_ENDPOINT: toVendors.alibaba.endpoint,
      PREFETCH_HTTP_ALLOW_LOOPBACK: "1",
      PREFETCH_ROUTES: "example.com=huawei-vod,*.example.net=alibaba-vod,127.0.0.1=http",
      PREFETCH_DAILY_BUDGET: String(plan.budget),
      PREFETCH_POLL_SECONDS: "1",
    }),
    /** `fetched`: the URLs of the edge to look for. */
    received: (fetched: readonly string[]): Received[] => {
      const count = (account: AccountName, accepted: readonly string[]): Received[] =>
        [...Map.groupBy(accepted, (url) => url)].map(([url, all]) => ({ account, url, times: all.length }));
      return [
        ...count(
          "huawei",
          huawei.log.flatMap((entry) => entry.accepted),
        ),
        ...count(
          "alibaba",
          alibaba.log.flatMap((entry) => entry.accepted),
        ),
        ...fetched.flatMap((url) => {
          const times = edge.originFetches(url);
          return times > 0 ? [{ account: "http" as const, url, times }] : [];
        }),
      ];
    },
    days: (): Map<string, number> => {
      const days = new Map<string, number>();
      for (const [account, log] of [
        ["huawei", huawei.log],
        ["alibaba", alibaba.log],
      ] as const) {
        for (const { at, accepted } of log) {
          const key = `${account} ${dayOf(at)}`;
          days.set(key, (days.get(key) ?? 0) + accepted.length);
        }
      }
      return days;
    },
    trafficSince: (since: number): string[] => {
      const named = [
        ...huawei.log.map(({ at, status, accepted, method, path }) => ({
          at,
          status,
          accepted,
          name: `${method} ${path.split("/").pop()}`,
        })),
        ...alibaba.log.map(({ at, status, accepted, action }) => ({ at, status, accepted, name: action })),
      ];
      const recent = named.filter(({ at }) => at >= since).sort((a, b) => a.at - b.at);
      return recent.map(({ at, status, accepted, name }) => `${Math.round((at - since) / 1_000)} s ${name} ${status} ${accepted.length}`);
    },
    close: async () => {
      await Promise.all(wires.map((wire) => wire.close()));
      await Promise.all([huawei.close(), alibaba.close(), edge.close()]);
    },
  };
}

function passwordEnv({ user, endpoint }: Awaited<ReturnType<typeof startHuaweiVod>>): Record<string, string> {
  return {
    PREFETCH_HUAWEI_IAM_USER: user.user,
    PREFETCH_HUAWEI_IAM_PASSWORD: user.password,
    PREFETCH_HUAWEI_IAM_DOMAIN: user.domain,
    HUAWEICLOUD_SDK_IAM_ENDPOINT: endpoint,
  };
}
