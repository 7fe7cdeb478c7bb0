/** Arguments that both spending tools share, in the terms of the domain. */

import { PrefetchError } from "../../base/errors.ts";
import type { AssetExpansion, Expansion } from "../../prefetch/model/expansion.ts";
import type { QuotaPolicy } from "../../prefetch/model/quota.ts";
import type { StreamScope } from "../../prefetch/model/stream.ts";
import type { ToolDeps } from "../define-tool.ts";

interface SpendInput {
  readonly provider?: string | undefined;
  readonly on_quota_exceeded: QuotaPolicy;
  readonly dry_run: boolean;
  readonly force: boolean;
  readonly refresh_first: boolean;
  readonly confirm: boolean;
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
  timezone: "use time_zone",
  confirmed: "use confirm",
  approve: "use confirm",
};

/** Arguments without a use on this server. They are taken all the same, and answered with what applies. */
export function hiddenSpendInputs({ providers: { configured, refreshing }, confirmations }: ToolDeps): string[] {
  return [
    ...(configured.length > 1 ? [] : ["provider"]),
    ...(refreshing.length > 0 ? [] : ["refresh_first"]),
    ...(confirmations.areAsked ? [] : ["confirm"]),
  ];
}

export function spendOptions(input: SpendInput) {
  return {
    provider: input.provider,
    onQuotaExceeded: input.on_quota_exceeded,
    dryRun: input.dry_run,
    force: input.force,
    refreshFirst: input.refresh_first,
    confirm: input.confirm,
    waitSeconds: input.wait_seconds,
  };
}

interface StreamInput {
  readonly expand?: AssetExpansion["kind"] | undefined;
  readonly scope?: StreamScope | undefined;
}

interface ExpandInput extends Omit<StreamInput, "expand"> {
  readonly expand?: Expansion["kind"] | undefined;
  readonly since?: string | undefined;
  readonly time_zone?: string | undefined;
}

/** Throws `invalid_argument` for an argument that belongs to another expansion. */
export function expansionOf({ expand, scope, since, time_zone: timeZone }: ExpandInput): Expansion {
  if (expand === "sitemap") {
    if (scope === undefined) return { kind: "sitemap", since, timeZone };
    throw misplaced("scope", "streams", expand, "leave scope out: a sitemap names pages, and each is sent");
  }
  if (since !== undefined) throw misplaced("since", "sitemap", expand, "leave since out");
  if (timeZone !== undefined) throw misplaced("time_zone", "sitemap", expand, "leave time_zone out");
  return streamExpansionOf({ expand, scope });
}

/** Throws `invalid_argument` for a scope beside expand "none". */
export function streamExpansionOf({ expand, scope }: StreamInput): AssetExpansion {
  if (expand === "none" && scope !== undefined) {
    throw misplaced("scope", "streams", expand, "leave scope out to warm the listed URLs alone");
  }
  if (expand === "streams" || scope !== undefined) return { kind: "streams", scope: scope ?? "startup" };
  return { kind: "none" };
}

function misplaced(argument: string, expansion: string, expand: string | undefined, otherwise: string): PrefetchError {
  const said = expand === undefined ? "no expand" : `expand "${expand}"`;
  return new PrefetchError("invalid_argument", `${argument}: goes with expand "${expansion}", and the call says ${said}`, {
    hint: `Nothing was sent. Pass expand "${expansion}", or ${otherwise}.`,
  });
}
