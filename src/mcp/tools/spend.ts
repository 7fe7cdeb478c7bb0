/** Arguments that both spending tools share, in the terms of the domain. */

import { PrefetchError } from "../../base/errors.ts";
import type { QuotaPolicy } from "../../prefetch/model/quota.ts";
import type { Expansion, StreamScope } from "../../prefetch/model/stream.ts";
import type { ToolDeps } from "../define-tool.ts";

interface SpendInput {
  readonly provider?: string | undefined;
  readonly expand?: Expansion | undefined;
  readonly scope?: StreamScope | undefined;
  readonly on_quota_exceeded: QuotaPolicy;
  readonly dry_run: boolean;
  readonly force: boolean;
  readonly refresh_first: boolean;
  readonly wait_seconds: number;
}

export const spendCorrections = {
  vendor: "use provider",
  cdn: "use provider",
  timeout: "use wait_seconds",
  wait: "use wait_seconds",
  preview: "use dry_run",
  purge: "use refresh_first",
  refresh: "use refresh_first",
  hls: 'use expand "streams"',
  recursive: 'use expand "streams"',
};

/** Arguments without a use on this server. They are taken all the same, and answered with what applies. */
export function hiddenSpendInputs({ configured, refreshing }: ToolDeps["providers"]): string[] {
  return [...(configured.length > 1 ? [] : ["provider"]), ...(refreshing.length > 0 ? [] : ["refresh_first"])];
}

/** Throws `invalid_argument` for a scope beside expand "none". */
export function spendOptions(input: SpendInput) {
  return {
    provider: input.provider,
    expand: expansionOf(input),
    scope: input.scope ?? ("startup" as const),
    onQuotaExceeded: input.on_quota_exceeded,
    dryRun: input.dry_run,
    force: input.force,
    refreshFirst: input.refresh_first,
    waitSeconds: input.wait_seconds,
  };
}

function expansionOf({ expand, scope }: SpendInput): Expansion {
  if (expand === "none" && scope !== undefined) {
    throw new PrefetchError("invalid_argument", 'scope: goes with expand "streams", and the call says expand "none"', {
      hint: 'Nothing was sent. Pass expand "streams" to warm what the manifests name, or leave scope out to warm the listed URLs alone.',
    });
  }
  return expand ?? (scope === undefined ? "none" : "streams");
}
