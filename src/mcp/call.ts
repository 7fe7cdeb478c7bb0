/** One call as the domain sees it. */

import type { ServerContext } from "@modelcontextprotocol/server";
import type { CallContext, Caller } from "../prefetch/model/caller.ts";
import { ambientContext, validTraceparent } from "../telemetry/ambient-context.ts";

export function callOf(context: ServerContext, { tenant, seesAll }: Caller, report: (error: unknown, about: string) => void): CallContext {
  const { signal, _meta, notify } = context.mcpReq;
  const traceparent = validTraceparent(_meta?.traceparent) ?? ambientContext().traceparent;
  const call = { signal, caller: { tenant, seesAll }, ...(traceparent !== undefined && { traceparent }) };
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return call;
  let told = -1;
  return {
    ...call,
    onProgress: (settled, total, bytes = 0) => {
      // The protocol wants rising values; nothing may follow the result.
      if (settled <= told || signal.aborted) return;
      told = settled;
      const params = { progressToken, progress: settled, total, message: messageOf(settled, total, bytes) };
      notify({ method: "notifications/progress", params }).catch((error: unknown) => report(error, "a progress notification"));
    },
  };
}

function messageOf(settled: number, total: number, bytes: number): string {
  return `${settled} of ${total} settled${bytes > 0 ? `, ${bytes.toLocaleString("en")} bytes` : ""}`;
}
