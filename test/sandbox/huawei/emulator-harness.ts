/** The emulated Huawei Cloud VOD, driven by requests that the vendor's own signer has signed. */

import { afterEach, beforeEach, expect } from "vitest";
import { sdkDate } from "../../../src/providers/huawei/sign.ts";
import { type HuaweiVodEmulator, type HuaweiVodEmulatorOptions, sampleAssets, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { type HandClock, handClock } from "../../providers/clock-harness.ts";
import {
  exchange,
  type OfficialRequest,
  officialRequest,
  type WireAnswer,
  type WireRequest,
} from "../../providers/huawei/official-harness.ts";

export const assetId = "f488337c31c8e4622f1590735b134c65";
export const unpublishedId = "0000000000000000000000000000c0de";
export const assetUrls = sampleAssets[assetId]?.urls ?? [];
export const url = (index: number | string) => `https://example.com/${index}.mp4`;
export const urls = (count: number) => Array.from({ length: count }, (_, index) => url(index));

type Wanted = Partial<Omit<OfficialRequest, "endpoint">>;

export interface HuaweiInTest {
  readonly clock: HandClock;
  readonly vod: HuaweiVodEmulator;
  restart(options: HuaweiVodEmulatorOptions, start?: number): Promise<void>;
  /** A prefetch by default; a body makes it a POST. */
  signed(wanted?: Wanted): WireRequest;
  send(wanted?: Wanted): Promise<WireAnswer>;
  post(body: object): Promise<WireAnswer>;
  query(taskId: string): Promise<WireAnswer>;
  info(...ids: string[]): Promise<WireAnswer>;
  /** The task id of an accepted prefetch. */
  taskOf(body: object): Promise<string>;
  /** Sends a valid request that counts against no limit. It resets the count of failed signatures. */
  expectAccepted(): Promise<void>;
}

/** An emulator for each test of the file, on a clock that stands still. */
export function huaweiForEachTest(): HuaweiInTest {
  let clock: HandClock;
  let vod: HuaweiVodEmulator;
  beforeEach(async () => {
    clock = handClock();
    vod = await startHuaweiVod({ now: clock.now });
  });
  afterEach(() => vod.close());

  const signed = (wanted: Wanted = {}): WireRequest =>
    officialRequest({
      method: wanted.body ? "POST" : "GET",
      endpoint: vod.endpoint,
      path: `/v1.0/${vod.projectId}/asset/preheating`,
      date: sdkDate(clock.now()),
      keys: vod.user,
      ...wanted,
    });
  const send = (wanted?: Wanted) => exchange(signed(wanted));
  const post = (body: object) => send({ body });
  const info = (...ids: string[]) => send({ path: `/v1.0/${vod.projectId}/asset/info`, query: { asset_id: ids } });

  return {
    get clock() {
      return clock;
    },
    get vod() {
      return vod;
    },
    restart: async (options, start = clock.now()) => {
      await vod.close();
      clock = handClock(start);
      vod = await startHuaweiVod({ now: clock.now, ...options });
    },
    signed,
    send,
    post,
    query: (taskId) => send({ query: { task_id: taskId } }),
    info,
    taskOf: async (body) => {
      const { status, json } = await post(body);
      expect(status).toBe(202);
      return json?.task_id ?? "";
    },
    expectAccepted: async () => {
      expect((await info(assetId)).status).toBe(200);
    },
  };
}

export function expectError(answer: WireAnswer, status: number, code: string): void {
  expect([answer.status, answer.json?.error_code]).toEqual([status, code]);
  expect(answer.json?.error_msg).toMatch(/\S/);
}
