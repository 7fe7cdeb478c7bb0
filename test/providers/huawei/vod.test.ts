/** Huawei Cloud VOD keeps the provider contract with each kind of credentials, and has behaviour of its own. */

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
  // The look-up makes the login happen before a test injects a fault.
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
    // Repeated use does not lock a token from the settings.
    ...(huawei.credentials.kind !== "token" && {
      lockCredentials: async () => {
        // A first refusal opens the breaker of keys; that of a login needs a refused new token, too.
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
providerContract({ name: "huawei-vod in the id-only edition", start: () => contractHarness({ emulator: { edition: "id-only" } }) });

describe("huawei-vod", () => {
  let huawei: HuaweiHarness;

  afterEach(() => huawei.close());

  describe("the id-only edition", () => {
    it("accepts asset ids only and has no status", async () => {
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
  });

  describe("a submit", () => {
    it("is a success without a task id when the answer has none", async () => {
      huawei = await startHuawei();
      const { provider, vod } = huawei;
      for (const body of ["", " \n", "{}", '{"task_id":""}', '{"task_id":null}']) {
        vod.inject({ fault: { kind: "garble", body } });
        expect((await provider.submit({ kind: "asset", assetId }, countingCall())).vendorTaskIds).toEqual([]);
      }
    });

    it("sends either the URLs or the asset id, once", async () => {
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

    it("is not_configured when the project is wrong", async () => {
      huawei = await startHuawei({ provider: { projectId: "0".repeat(32) } });
      const error = await failureOf(huawei.provider.submit({ kind: "asset", assetId }, countingCall()));
      expect(error).toMatchObject({ code: "not_configured", vendorCode: "VOD.10057" });
      expect(error.hint).toContain("HUAWEICLOUD_SDK_PROJECT_ID");
    });

    it("is not_published for an unpublished asset", async () => {
      huawei = await startHuawei();
      const error = await failureOf(huawei.provider.submit({ kind: "asset", assetId: unpublishedId }, countingCall()));
      expect(error).toMatchObject({ code: "not_published", vendorCode: "VOD.10060", delivery: "refused" });
    });

    it("is refused when a 2xx answer has an error in its body", async () => {
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

    it.each([200, 202] as const)("accepts HTTP %d", async (queryStatus) => {
      const rows = await rowsAfter({ emulator: { ...timing, queryStatus } }, 2_000);
      expect(rows.map((row) => row.state)).toEqual(["succeeded", "failed", "processing"]);
    });

    it.each([
      ["lower", ["succeed", "failed", "processing"]],
      ["upper", ["SUCCEED", "FAILED", "PROCESSING"]],
    ] as const)("reads states in %s case, and keeps the vendor's word", async (stateCase, words) => {
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

    it.each(["succeeded", "success", "waiting", "cancelled", "error", ""])("reads the unknown word %j as processing", async (word) => {
      const rows = await asked(JSON.stringify({ preheating_results: [{ url: "https://example.com/0.mp4", status: word }] }));
      expect(rows).toEqual([{ url: "https://example.com/0.mp4", state: "processing", vendorState: word }]);
    });

    it.each(['{"preheating_results":[]}', '{"preheating_results":null}', "{}", ""])("has no rows for %j", async (body) => {
      expect(await asked(body)).toEqual([]);
    });

    it("skips rows without a URL, and reads rows without a state as processing", async () => {
      const rows = await asked('{"preheating_results":[{"status":"succeed"},{"url":"https://example.com/0.mp4"}]}');
      expect(rows).toEqual([{ url: "https://example.com/0.mp4", state: "processing", vendorState: "" }]);
    });

    it.each(['{"preheating_results":"x"}', '{"preheating_results":[{"url":7}]}', "null"])(
      "is vendor_unavailable for the body %s",
      async (body) => {
        expect(await failureOf(Promise.resolve(asked(body)))).toMatchObject({ code: "vendor_unavailable", retryable: true });
      },
    );

    it("has a bounded message for an unknown task id", async () => {
      huawei = await startHuawei();
      const error = await failureOf(Promise.resolve(huawei.provider.status?.({ vendorTaskIds: ["x".repeat(5_000)] }, countingCall())));
      expect(error).toMatchObject({ code: "not_found", vendorCode: "VOD.10053" });
      expect(error.message.length).toBeLessThan(300);
    });
  });

  describe("the look-up of an asset", () => {
    it("takes no turn", async () => {
      huawei = await startHuawei({ emulator: { callsPerMinute: 0 } });
      const call = countingCall();
      expect(await huawei.provider.resolveAsset?.(assetId, call)).toEqual({ urls: assetUrls, cost: assetUrls.length });
      expect(call.turns).toBe(0);
    });

    const lookedUp = async (asset: string, status?: string) => {
      huawei = await startHuawei({ ...(status && { emulator: { assets: { [asset]: { status, urls: [] } } } }) });
      return huawei.provider.resolveAsset?.(asset, countingCall());
    };

    it("is not_found with nothing sent for an unknown asset", async () => {
      const error = await failureOf(lookedUp(unknownId));
      expect(error).toMatchObject({ code: "not_found", vendorCode: "NO_ASSET", delivery: "not_sent", provider: "huawei-vod" });
      expect(error.message).toContain(unknownId);
    });

    it.each(["NO_ASSET", "UNCREATED", "DELETED", "DELETING"])("is not_found for the state %s", async (state) => {
      expect(await failureOf(lookedUp("some-asset", state))).toMatchObject({ code: "not_found", vendorCode: state });
    });

    it.each(["CREATED", "CREATING", "UPLOAD_FAILED", "OBS_CREATING", "SERVER_ERROR"])(
      "is not_published for the state %s",
      async (state) => {
        const error = await failureOf(lookedUp("some-asset", state));
        expect(error).toMatchObject({ code: "not_published", vendorCode: state, delivery: "not_sent" });
        const isPassing = !["UPLOAD_FAILED", "SERVER_ERROR"].includes(state);
        expect([error.retryable, error.hint]).toEqual([isPassing, expect.stringContaining(isPassing ? "several minutes" : "Upload")]);
      },
    );

    // Transcoding runs beside publishing, so the prefetch call decides.
    it.each(["PUBLISHED", "TRANSCODING", "TRANSCODE_SUCCEED", "SOMETHING_NEW"])("resolves an asset in the state %s", async (state) => {
      expect(await lookedUp("some-asset", state)).toEqual({ urls: [], cost: 0 });
    });

    const answered = async (body: object) => {
      huawei = await startHuawei();
      huawei.vod.inject({ fault: { kind: "garble", body: JSON.stringify(body) } });
      return huawei.provider.resolveAsset?.(assetId, countingCall());
    };

    it("returns each URL once and skips streams without a URL", async () => {
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

    it("resolves an asset without a state", async () => {
      expect(await answered({ asset_info_array: [{ base_info: { video_url: "https://example.com/a.mp4" } }] })).toEqual({
        urls: ["https://example.com/a.mp4"],
        cost: 1,
      });
    });

    it.each([{}, { asset_info_array: [] }, { asset_info_array: null }])("is not_found for %j", async (body) => {
      expect(await failureOf(answered(body))).toMatchObject({ code: "not_found" });
    });
  });

  describe("the account", () => {
    it("is the project for all credentials, and no secret", async () => {
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
    it("show no secret when the vendor echoes a refused signature", async () => {
      huawei = await startHuawei({ kind: "temporary keys" });
      const { another, credentials } = huawei;
      if (credentials.kind !== "keys") throw new Error("These credentials are not keys");
      const error = await failureOf(
        another({ credentials: { ...credentials, sk: "wrong-secret-key" } }).submit({ kind: "asset", assetId }, countingCall()),
      );
      expect(error).toMatchObject({ code: "auth_failed", vendorCode: "APIGW.0301" });
      for (const secret of [...secretsIn(credentials), "wrong-secret-key"]) expect(shownOf(error)).not.toContain(secret);
    });
  });
});
