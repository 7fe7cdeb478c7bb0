/** Huawei Cloud VOD: the contract with every kind of credentials, and what only this vendor does. */

import { afterEach, describe, expect, it } from "vitest";
import { sampleAssets } from "../../../src/sandbox/huawei/vod.ts";
import { countingCall, failureOf, type ProviderHarness, providerContract, shownOf } from "../../contract/provider.ts";
import { MINUTE } from "../clock-harness.ts";
import {
  assetId,
  credentialKinds,
  type HuaweiHarness,
  refusal,
  type Setup,
  secretsIn,
  startHuawei,
  unknownId,
  unpublishedId,
} from "./harness.ts";

const assetUrls = sampleAssets[assetId]?.urls ?? [];
const unknownTaskId = "5199337c31c8e4622f1590735b13a263";
const urls = (count: number) => Array.from({ length: count }, (_, index) => `https://example.com/${index}.mp4`);

async function contractHarness(setup: Setup): Promise<ProviderHarness> {
  const huawei = await startHuawei(setup);
  const { vod, provider, clock, count } = huawei;
  // A look-up counts against no limit; with it, the login is over before any fault is injected.
  await provider.resolveAsset?.(assetId, countingCall());
  let stopped = false;
  const stopVendor = async (): Promise<void> => {
    stopped = true;
    await vod.close();
  };
  const refused = refusal(401, "APIGW.0301", "Incorrect IAM authentication information: verify aksk signature fail");
  return {
    provider,
    sampleUrls: urls,
    sampleAsset: { assetId, urls: assetUrls },
    unknownAssetId: unknownId,
    foreignUrl: "https://foreign.example.org/a.mp4",
    unknownTaskId,
    unknownTask: "not_found",
    now: clock.now,
    pass: clock.advance,
    ...(setup.emulator?.edition !== "id-only" && {
      badUrl: "https://example.com/a b.mp4",
      unknownState: (url: string) => ({
        kind: "garble" as const,
        body: JSON.stringify({ preheating_results: [{ url, status: "wonderful" }] }),
      }),
    }),
    secrets: secretsIn(huawei.credentials),
    inject: (rule) => vod.inject(rule),
    refusalSaying: (text) => refusal(403, "VOD.10053", text),
    receivedSubmits: () => count("POST", "preheating"),
    receivedQueries: () => count("GET", "preheating"),
    settle: () => clock.advance(MINUTE),
    stopVendor,
    // A given token is nothing that repeated use could lock.
    ...(huawei.credentials.kind !== "token" && {
      lockCredentials: async () => {
        // Keys are given up at the first refusal, a login when IAM refuses it too.
        vod.inject({ fault: refused, times: huawei.credentials.kind === "password" ? 2 : 1 });
        await failureOf(provider.submit({ kind: "asset", assetId }, countingCall()));
      },
    }),
    close: async () => {
      if (stopped) await provider.close();
      else await huawei.close();
    },
  };
}

for (const kind of credentialKinds) {
  providerContract({ name: `huawei-vod with ${kind}`, start: () => contractHarness({ kind }) });
}
providerContract({ name: "huawei-vod, the first edition", start: () => contractHarness({ emulator: { edition: "id-only" } }) });

describe("huawei-vod", () => {
  let huawei: HuaweiHarness;

  afterEach(() => huawei.close());

  describe("the first edition", () => {
    it("takes asset ids only and can't be asked what became of them", async () => {
      huawei = await startHuawei({ emulator: { edition: "id-only" } });
      const { provider, vod } = huawei;
      expect(provider.accepts).toEqual(["asset"]);
      expect(provider.tracking).toBe("none");
      expect(provider).not.toHaveProperty("status");
      const { vendorTaskIds, refused, requestId } = await provider.submit({ kind: "asset", assetId }, countingCall());
      expect([vendorTaskIds, refused]).toEqual([[], []]);
      expect(requestId).toMatch(/^[0-9a-f]{32}$/);
      expect(vod.log.at(-1)?.accepted).toEqual([assetId]);
    });

    it("is what a vendor's answer without a task id looks like: accepted, and not an error", async () => {
      huawei = await startHuawei();
      const { provider, vod } = huawei;
      for (const body of ["", " \n", "{}", '{"task_id":""}', '{"task_id":null}']) {
        vod.inject({ fault: { kind: "garble", body } });
        expect((await provider.submit({ kind: "asset", assetId }, countingCall())).vendorTaskIds).toEqual([]);
      }
    });
  });

  describe("a submit", () => {
    it("sends the one of both that it is given, once, signed for the project", async () => {
      huawei = await startHuawei();
      const { provider, vod, count } = huawei;
      const first = await provider.submit({ kind: "urls", urls: urls(3) }, countingCall());
      const second = await provider.submit({ kind: "asset", assetId }, countingCall());
      expect(vod.log.map((entry) => entry.accepted)).toEqual([urls(3), [assetId]]);
      expect(count("POST", "preheating")).toBe(2);
      expect(vod.spentToday).toBe(3 + assetUrls.length);
      for (const { vendorTaskIds, requestId } of [first, second]) {
        expect(vendorTaskIds).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
        expect(requestId).toMatch(/^[0-9a-f]{32}$/);
      }
    });

    const refusals: readonly (readonly [string, Setup["emulator"], string, string])[] = [
      ["the day's quota is used up", { dailyLimit: 2 }, "quota_exhausted", "VOD.10086"],
      ["the vendor throttles", { callsPerMinute: 0 }, "rate_limited", "APIGW.0308"],
    ];

    it.each(refusals)("is refused by the vendor when %s", async (_, emulator, code, vendorCode) => {
      huawei = await startHuawei({ ...(emulator && { emulator }) });
      const error = await failureOf(huawei.provider.submit({ kind: "urls", urls: urls(3) }, countingCall()));
      expect(error).toMatchObject({ code, vendorCode, delivery: "refused", retryable: code === "rate_limited" });
      if (code === "rate_limited") expect(error.retryAfterMs).toBe(MINUTE);
    });

    it("is refused for another project, which is a matter of settings", async () => {
      huawei = await startHuawei({ provider: { projectId: "0".repeat(32) } });
      const error = await failureOf(huawei.provider.submit({ kind: "asset", assetId }, countingCall()));
      expect(error).toMatchObject({ code: "not_configured", vendorCode: "VOD.10057" });
      expect(error.hint).toContain("HUAWEICLOUD_SDK_PROJECT_ID");
    });

    it("of an asset that is not published says so", async () => {
      huawei = await startHuawei();
      const error = await failureOf(huawei.provider.submit({ kind: "asset", assetId: unpublishedId }, countingCall()));
      expect(error).toMatchObject({ code: "not_published", vendorCode: "VOD.10060", delivery: "refused" });
    });

    it("believes a refusal more than the success that it comes with", async () => {
      huawei = await startHuawei();
      huawei.vod.inject({ fault: { kind: "answer", status: 200, body: '{"error":{"error_code":"VOD.10086","error_msg":"Limit 1000."}}' } });
      const error = await failureOf(huawei.provider.submit({ kind: "asset", assetId }, countingCall()));
      expect(error).toMatchObject({ code: "quota_exhausted", delivery: "refused" });
    });
  });

  describe("a status query", () => {
    const rowsAfter = async (setup: Setup, ms: number) => {
      huawei = await startHuawei(setup);
      const { provider, clock } = huawei;
      const batch = [...urls(1), "https://example.com/fail-1.mp4", "https://example.com/late.mp4"];
      const { vendorTaskIds } = await provider.submit({ kind: "urls", urls: batch }, countingCall());
      clock.advance(ms);
      return (await provider.status?.({ vendorTaskIds }, countingCall())) ?? [];
    };
    const timing = { firstMs: 1_000, eachMs: 1_000 };

    it.each([200, 202] as const)("is answered with HTTP %d", async (queryStatus) => {
      const rows = await rowsAfter({ emulator: { ...timing, queryStatus } }, 2_000);
      expect(rows.map((row) => row.state)).toEqual(["succeeded", "failed", "processing"]);
    });

    it.each([
      ["lower", ["succeed", "failed", "processing"]],
      ["upper", ["SUCCEED", "FAILED", "PROCESSING"]],
    ] as const)("is answered in %s case, whose words are kept", async (stateCase, words) => {
      const rows = await rowsAfter({ emulator: { ...timing, stateCase } }, 2_000);
      expect(rows.map((row) => row.state)).toEqual(["succeeded", "failed", "processing"]);
      expect(rows.map((row) => row.vendorState)).toEqual(words);
    });

    const asked = async (body: string) => {
      huawei = await startHuawei();
      const { provider, vod } = huawei;
      const { vendorTaskIds } = await provider.submit({ kind: "urls", urls: urls(1) }, countingCall());
      vod.inject({ fault: { kind: "garble", body } });
      return provider.status?.({ vendorTaskIds }, countingCall());
    };

    it.each(["succeeded", "success", "waiting", "cancelled", "error", ""])("does not take the unknown word %j for an end", async (word) => {
      const rows = await asked(JSON.stringify({ preheating_results: [{ url: "https://example.com/0.mp4", status: word }] }));
      expect(rows).toEqual([{ url: "https://example.com/0.mp4", state: "processing", vendorState: word }]);
    });

    it.each(['{"preheating_results":[]}', '{"preheating_results":null}', "{}", ""])("has nothing to say yet: %j", async (body) => {
      expect(await asked(body)).toEqual([]);
    });

    it("passes over rows that name no URL, and waits for those that have no state", async () => {
      const rows = await asked('{"preheating_results":[{"status":"succeed"},{"url":"https://example.com/0.mp4"}]}');
      expect(rows).toEqual([{ url: "https://example.com/0.mp4", state: "processing", vendorState: "" }]);
    });

    it.each(['{"preheating_results":"x"}', '{"preheating_results":[{"url":7}]}', "null"])("can't be answered with %s", async (body) => {
      expect(await failureOf(Promise.resolve(asked(body)))).toMatchObject({ code: "vendor_unavailable", retryable: true });
    });

    it("of an unknown task bounds the id that it repeats", async () => {
      huawei = await startHuawei();
      const error = await failureOf(Promise.resolve(huawei.provider.status?.({ vendorTaskIds: ["x".repeat(5_000)] }, countingCall())));
      expect(error).toMatchObject({ code: "not_found", vendorCode: "VOD.10053" });
      expect(error.message.length).toBeLessThan(300);
    });
  });

  describe("the look-up of an asset", () => {
    it("takes no turn: it has a limit of its own", async () => {
      huawei = await startHuawei({ emulator: { callsPerMinute: 0 } });
      const call = countingCall();
      expect(await huawei.provider.resolveAsset?.(assetId, call)).toEqual({ urls: assetUrls, cost: assetUrls.length });
      expect(call.turns).toBe(0);
    });

    const lookedUp = async (asset: string, status?: string) => {
      huawei = await startHuawei({ ...(status && { emulator: { assets: { [asset]: { status, urls: [] } } } }) });
      return huawei.provider.resolveAsset?.(asset, countingCall());
    };

    it("says of an unknown asset that there is none, and that nothing was sent", async () => {
      const error = await failureOf(lookedUp(unknownId));
      expect(error).toMatchObject({ code: "not_found", vendorCode: "NO_ASSET", delivery: "not_sent", provider: "huawei-vod" });
      expect(error.message).toContain(unknownId);
    });

    it.each(["NO_ASSET", "UNCREATED", "DELETED", "DELETING"])("says of the state %s that there is no such asset", async (state) => {
      expect(await failureOf(lookedUp("some-asset", state))).toMatchObject({ code: "not_found", vendorCode: state });
    });

    it.each(["CREATED", "CREATING", "UPLOAD_FAILED", "OBS_CREATING"])("says of the state %s that it is not published", async (state) => {
      const error = await failureOf(lookedUp("some-asset", state));
      expect(error).toMatchObject({ code: "not_published", vendorCode: state, delivery: "not_sent" });
      expect(error.hint).toContain("Publish");
    });

    // Transcoding goes on beside publishing; whether it can be warmed is for the prefetch itself to find out.
    it.each(["PUBLISHED", "TRANSCODING", "TRANSCODE_SUCCEED", "SOMETHING_NEW"])("leaves the state %s to the prefetch", async (state) => {
      expect(await lookedUp("some-asset", state)).toEqual({ urls: [], cost: 0 });
    });

    const answered = async (body: object) => {
      huawei = await startHuawei();
      huawei.vod.inject({ fault: { kind: "garble", body: JSON.stringify(body) } });
      return huawei.provider.resolveAsset?.(assetId, countingCall());
    };

    it("names every URL once and leaves out what has none", async () => {
      const info = {
        status: "published",
        base_info: { video_url: "https://example.com/a.mp4" },
        play_info_array: [
          { url: "https://example.com/a.m3u8" },
          { url: "https://example.com/a.mp4" },
          { play_type: "dash" },
          { url: null },
          { url: "" },
        ],
      };
      expect(await answered({ asset_info_array: [info] })).toEqual({
        urls: ["https://example.com/a.mp4", "https://example.com/a.m3u8"],
        cost: 2,
      });
    });

    it("leaves an asset whose state is not told to the prefetch", async () => {
      expect(await answered({ asset_info_array: [{ base_info: { video_url: "https://example.com/a.mp4" } }] })).toEqual({
        urls: ["https://example.com/a.mp4"],
        cost: 1,
      });
    });

    it.each([{}, { asset_info_array: [] }, { asset_info_array: null }])("takes %j for an asset that there is not", async (body) => {
      expect(await failureOf(answered(body))).toMatchObject({ code: "not_found" });
    });
  });

  describe("the account", () => {
    it("is the project, whatever proves who we are, and no secret", async () => {
      huawei = await startHuawei();
      const { vod, another, credentials } = huawei;
      const token = vod.issueToken();
      const others = [another(), another({ credentials: { kind: "token", token } }), another({ edition: "id-only" })];
      for (const { account } of others) expect(account).toBe(huawei.provider.account);
      expect(huawei.provider.account).toContain(vod.projectId);
      for (const secret of [...secretsIn(credentials), token]) expect(huawei.provider.account).not.toContain(secret);
      expect(another({ projectId: "another" }).account).not.toBe(huawei.provider.account);
    });
  });

  describe("errors", () => {
    it("of a vendor who echoes a refused signature show neither keys nor security token", async () => {
      huawei = await startHuawei({ kind: "temporary keys" });
      const { another, credentials } = huawei;
      if (credentials.kind !== "keys") throw new Error("These are keys");
      const error = await failureOf(
        another({ credentials: { ...credentials, sk: "wrong-secret-key" } }).submit({ kind: "asset", assetId }, countingCall()),
      );
      expect(error).toMatchObject({ code: "auth_failed", vendorCode: "APIGW.0301" });
      for (const secret of [...secretsIn(credentials), "wrong-secret-key"]) expect(shownOf(error)).not.toContain(secret);
    });
  });
});
