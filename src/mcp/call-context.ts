/** Translates the SDK's context of one call into the domain's: cancellation, trace and progress. */

import type { ServerContext } from "@modelcontextprotocol/server";
import type { CallContext, Caller } from "../prefetch/model/caller.ts";
import { ambientContext, validTraceparent } from "../telemetry/ambient-context.ts";

export function callContextOf(
  context: ServerContext,
  { tenant, seesAll }: Caller,
  report: (error: unknown, about: string) => void,
): CallContext {
  const { signal, _meta, notify } = context.mcpReq;
  const traceparent = validTraceparent(_meta?.traceparent) ?? ambientContext().traceparent;
  const call = { signal, caller: { tenant, seesAll }, ...(traceparent !== undefined && { traceparent }) };
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return call;
  let lastSent = -1;
  return {
    ...call,
    onProgress: (settled, total, bytes = 0) => {
      // Progress must increase with each notification and must stop when the call ends. Source: MCP 2025-11-25, progress.
      if (settled <= lastSent || signal.aborted) return;
      lastSent = settled;
      const params = { progressToken, progress: settled, total, message: progressMessage(settled, total, bytes) };
      notify({ method: "notifications/progress", params }).catch((error: unknown) => report(error, "a progress notification"));
    },
  };
}

/** For example "3 of 8 settled, 1,048,576 bytes". */
function progressMessage(settled: number, total: number, bytes: number): string {
  return `${settled} of ${total} settled${bytes > 0 ? `, ${bytes.toLocaleString("en")} bytes` : ""}`;
}
