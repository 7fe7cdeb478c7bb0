/** Arguments that both spending tools share, in the terms of the domain. */

import type { QuotaPolicy } from "../../prefetch/model/quota.ts";
import type { Expansion, StreamScope } from "../../prefetch/model/stream.ts";

interface SpendInput {
  readonly provider?: string | undefined;
  readonly expand: Expansion;
  readonly scope: StreamScope;
  readonly on_quota_exceeded: QuotaPolicy;
  readonly dry_run: boolean;
  readonly force: boolean;
  readonly wait_seconds: number;
}

export const spendCorrections = {
  vendor: "use provider",
  cdn: "use provider",
  timeout: "use wait_seconds",
  wait: "use wait_seconds",
  preview: "use dry_run",
  hls: 'use expand "streams"',
  recursive: 'use expand "streams"',
};

export function spendOptions(input: SpendInput) {
  return {
    provider: input.provider,
    expand: input.expand,
    scope: input.scope,
    onQuotaExceeded: input.on_quota_exceeded,
    dryRun: input.dry_run,
    force: input.force,
    waitSeconds: input.wait_seconds,
  };
}
