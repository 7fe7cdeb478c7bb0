/** JSON-RPC with a host, and what a host tells. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hostContext } from "../../../src/view/host/host-context.ts";
import { createRpc } from "../../../src/view/host/rpc.ts";

function start() {
  const posted: object[] = [];
  const heard: [string, unknown][] = [];
  const rpc = createRpc({
    post: (message) => posted.push(message),
    onNotification: (method, params) => heard.push([method, params]),
    onRequest: (method) => (method === "ping" ? {} : undefined),
  });
  return { rpc, posted, heard };
}

describe("createRpc", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("pairs answers with calls, in whichever order they come", async () => {
    const { rpc, posted } = start();
    const [first, second] = [rpc.call("a", {}, 1_000), rpc.call("b", { x: 1 }, 1_000)];
    expect(posted).toEqual([
      { jsonrpc: "2.0", id: 1, method: "a", params: {} },
      { jsonrpc: "2.0", id: 2, method: "b", params: { x: 1 } },
    ]);
    rpc.receive({ jsonrpc: "2.0", id: 2, result: "two" });
    rpc.receive({ jsonrpc: "2.0", id: 1, error: { code: -32_000, message: "refused" } });
    await expect(second).resolves.toBe("two");
    await expect(first).rejects.toThrow("refused");
    rpc.receive({ jsonrpc: "2.0", id: 1, result: "late" });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives a call up when no answer comes", async () => {
    const { rpc } = start();
    const call = rpc.call("a", {}, 1_000);
    vi.advanceTimersByTime(1_000);
    await expect(call).rejects.toThrow("The host gave no answer.");
  });

  it("answers requests of the host, and refuses methods that it does not know", () => {
    const { rpc, posted } = start();
    rpc.receive({ jsonrpc: "2.0", id: "p", method: "ping" });
    rpc.receive({ jsonrpc: "2.0", id: 7, method: "other" });
    expect(posted).toEqual([
      { jsonrpc: "2.0", id: "p", result: {} },
      { jsonrpc: "2.0", id: 7, error: { code: -32_601, message: "unknown method other" } },
    ]);
  });

  it("hands notifications on, and ignores any other message", () => {
    const { rpc, heard, posted } = start();
    rpc.receive({ jsonrpc: "2.0", method: "n", params: { x: 1 } });
    rpc.receive({ jsonrpc: "2.0", method: "m", params: "text" });
    for (const message of [
      undefined,
      null,
      "x",
      3,
      [],
      {},
      { jsonrpc: "1.0", method: "n" },
      { jsonrpc: "2.0" },
      { jsonrpc: "2.0", id: 99, result: 1 },
    ])
      rpc.receive(message);
    expect(heard).toEqual([
      ["n", { x: 1 }],
      ["m", {}],
    ]);
    expect(posted).toEqual([]);
  });
});

describe("hostContext", () => {
  it("reads theme, language, time zone, size and the variables that the spec names", () => {
    const variables = { "--color-text-primary": "red", "--font-sans": "Inter", "--row": "1px", "--color-x": 5, color: "red" };
    const context = hostContext({
      theme: "dark",
      locale: "zh-CN",
      timeZone: "UTC",
      displayMode: "fullscreen",
      containerDimensions: { maxHeight: 400, width: 300 },
      styles: { variables },
    });
    expect(context).toMatchObject({ theme: "dark", locale: "zh-CN", timeZone: "UTC", isFullscreen: true, maxHeight: 400 });
    expect([...context.styles]).toEqual([
      ["--color-text-primary", "red"],
      ["--font-sans", "Inter"],
    ]);
  });

  it("has none of them when the host tells none", () => {
    expect(hostContext({ theme: "blue", containerDimensions: 3, styles: { variables: [] } })).toEqual({
      theme: undefined,
      locale: undefined,
      timeZone: undefined,
      isFullscreen: false,
      maxHeight: undefined,
      styles: new Map(),
    });
  });
});
