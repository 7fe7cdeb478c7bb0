/**
 * The emulated calls `CreatePreheatingAsset` and `ShowPreheatingAsset`.
 * Sources: https://support.huaweicloud.com/api-vod/vod_04_0205.html and …/vod_04_0120.html.
 */

import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { DailyQuota } from "../limits.ts";
import { failsInSandbox } from "../outcomes.ts";
import type { Answer } from "../server/answer.ts";
import { jsonAnswer, parseJson } from "../server/json.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import type { WarmedUrls } from "../warmed-urls.ts";
import type { VendorAnswer } from "./answered.ts";
import type { AssetStore, SandboxAsset } from "./assets.ts";
import { illegal, vodError } from "./errors.ts";

interface PreheatingOptions {
  readonly now: () => number;
  readonly assets: AssetStore;
  readonly quota: DailyQuota;
  readonly warmed: WarmedUrls;
  readonly dailyLimit: number;
  readonly domains: readonly string[];
  readonly edition: "current" | "id-only";
  readonly queryStatus: 200 | 202;
  readonly stateCase: "lower" | "upper";
  readonly firstMs: number;
  readonly eachMs: number;
}

export interface Preheating {
  create(request: ReceivedRequest): VendorAnswer;
  query(request: ReceivedRequest): VendorAnswer;
}

interface Task {
  readonly at: number;
  readonly urls: readonly string[];
}

type Targets = { readonly urls: readonly string[] } | { readonly refusal: Answer };

const MOST_URLS = 10;
const order = z.object({ asset_id: z.string().optional(), urls: z.array(z.string()).optional() });

export function createPreheating(options: PreheatingOptions): Preheating {
  const { now, assets, quota, warmed, dailyLimit, domains, edition, queryStatus, stateCase, firstMs, eachMs } = options;
  const tasks = new Map<string, Task>();
  const doneAt = (task: Task, position: number): number => task.at + firstMs + position * eachMs;

  /** An order must have either an asset id or URLs. */
  const targetsOf = (assetId: string | undefined, urls: readonly string[] | undefined): Targets => {
    if ((assetId === undefined) === (urls === undefined)) return { refusal: illegal("asset_id") };
    if (assetId !== undefined) return publishedUrls(assets.find(assetId));
    return edition === "id-only" ? { refusal: illegal("urls") } : checkUrls(urls ?? []);
  };

  const start = (urls: readonly string[]): string => {
    const [id, task] = [randomBytes(16).toString("hex"), { at: now(), urls }];
    tasks.set(id, task);
    for (const [position, url] of urls.entries()) warmed.add(url, doneAt(task, position));
    return id;
  };

  const stateOf = (task: Task, position: number, url: string): string => {
    const finished = failsInSandbox(url) ? "failed" : "succeed";
    const state = now() < doneAt(task, position) ? "processing" : finished;
    return stateCase === "upper" ? state.toUpperCase() : state;
  };

  return {
    create: ({ body }) => {
      const { asset_id: assetId, urls } = order.safeParse(parseJson(body.toString())).data ?? {};
      const targets = targetsOf(assetId, urls);
      if ("refusal" in targets) return targets.refusal;
      if (!targets.urls.every((url) => domains.includes(new URL(url).hostname))) {
        return vodError(403, "VOD.10089", "The domain name does not exist.");
      }
      if (!quota.take(targets.urls.length)) {
        return vodError(403, "VOD.10086", `The total number of preheated URLs exceeds the limit ${dailyLimit}.`);
      }
      const accepted = assetId === undefined ? targets.urls : [assetId];
      if (edition === "id-only") return { status: 202, body: "", accepted };
      return { ...jsonAnswer(202, { task_id: start(targets.urls) }), accepted };
    },

    query: ({ url }) => {
      const task = tasks.get(url.searchParams.get("task_id") ?? "");
      if (!task) return illegal("task_id");
      const results = task.urls.map((target, position) => ({ url: target, status: stateOf(task, position, target) }));
      return jsonAnswer(queryStatus, { preheating_results: results });
    },
  };
}

function publishedUrls(asset: SandboxAsset | undefined): Targets {
  if (!asset) return { refusal: vodError(403, "VOD.10062", "The media asset or resource does not exist.") };
  if (asset.status === "PUBLISHED") return { urls: asset.urls };
  return { refusal: vodError(403, "VOD.10060", "The media asset is not downloaded or published.") };
}

function checkUrls(urls: readonly string[]): Targets {
  if (urls.length > MOST_URLS) {
    return { refusal: vodError(403, "VOD.10109", `Supports a maximum of ${MOST_URLS} URLs for preheating at one time.`) };
  }
  return urls.length > 0 && urls.every(isUrl) ? { urls } : { refusal: illegal("urls") };
}

function isUrl(text: string): boolean {
  return /^https?:\/\/\S+$/.test(text) && URL.canParse(text);
}
