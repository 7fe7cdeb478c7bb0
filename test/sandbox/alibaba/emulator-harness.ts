/** The emulated Alibaba Cloud VOD, driven by the vendor's own client and by requests that its signer has signed. */

import { afterEach, beforeEach, expect } from "vitest";
import { type AlibabaVodEmulator, type AlibabaVodEmulatorOptions, sampleMedia, startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import {
  type ClientAnswer,
  type ClientCall,
  call,
  type Parameters,
  type SignedRequest,
  signedRequest,
  type WireAnswer,
  type WireRequest,
} from "../../providers/alibaba/official-harness.ts";
import { type HandClock, HOUR, handClock } from "../../providers/clock-harness.ts";

export const DAY = 24 * HOUR;
export const assetId = "93ab850b4f6f44eab54b6e91d24d81d4";
export const uploadingId = "0000000000000000000000000000feed";
export const [sd, hd] = sampleMedia[assetId]?.plays ?? [];
export const url = (name: number | string, host = "vod.example.net") => `https://${host}/${name}.mp4`;
export const many = (count: number, host?: string) => Array.from({ length: count }, (_, index) => url(index, host));

export interface AlibabaInTest {
  readonly clock: HandClock;
  readonly vod: AlibabaVodEmulator;
  restart(options: AlibabaVodEmulatorOptions, start?: number): Promise<void>;
  /** A call of the official client. */
  ask(action: string, params?: Parameters, more?: Partial<ClientCall>): Promise<ClientAnswer>;
  preload(urls: readonly string[], more?: Parameters): Promise<ClientAnswer>;
  list(params: Parameters): Promise<ClientAnswer>;
  /** The task ids of an accepted prefetch. */
  idsOf(urls: readonly string[]): Promise<string[]>;
  rowsOf(params: Parameters): Promise<readonly Readonly<Record<string, string>>[]>;
  /** A prefetch with the official signature, ready to be tampered with. */
  signed(more?: Partial<SignedRequest>): WireRequest;
  /** Expects the status, the code and the members that every error of the vendor has. */
  expectError(answer: ClientAnswer | WireAnswer, status: number, code: string): void;
}

/** An emulator for each test of the file, on a clock that stands still. */
export function alibabaForEachTest(): AlibabaInTest {
  let clock: HandClock;
  let vod: AlibabaVodEmulator;
  beforeEach(async () => {
    clock = handClock();
    vod = await startAlibabaVod({ now: clock.now });
  });
  afterEach(() => vod.close());

  const ask = (action: string, params: Parameters = {}, more: Partial<ClientCall> = {}) =>
    call({ endpoint: vod.endpoint, keys: vod.user, now: clock.now(), action, params, ...more });
  const preload = (urls: readonly string[], more: Parameters = {}) =>
    ask("PreloadVodObjectCaches", { ObjectPath: urls.join("\n"), ...more });
  const list = (params: Parameters) => ask("DescribeVodRefreshTasks", params);

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
      vod = await startAlibabaVod({ now: clock.now, ...options });
    },
    ask,
    preload,
    list,
    idsOf: async (urls) => {
      const { status, body } = await preload(urls);
      expect([status, body.Code]).toEqual([200, undefined]);
      return (body.PreloadTaskId ?? "").split(",");
    },
    rowsOf: async (params) => (await list(params)).body.Tasks?.Task ?? [],
    signed: (more = {}) =>
      signedRequest({
        endpoint: vod.endpoint,
        keys: vod.user,
        now: clock.now(),
        action: "PreloadVodObjectCaches",
        query: { ObjectPath: url(1), Area: "overseas" },
        ...more,
      }),
    expectError: (answer, status, code) => {
      const { RequestId, HostId, Code, Message, Recommend } = answer.body;
      expect([answer.status, Code]).toEqual([status, code]);
      expect(Message).toMatch(/\S/);
      expect(RequestId).toMatch(/^[0-9A-F-]{36}$/);
      expect(HostId).toBe(new URL(vod.endpoint).host);
      expect(Recommend).toContain(code);
    },
  };
}
