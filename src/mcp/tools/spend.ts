/** What both spending tools do with their common arguments. */

import { PrefetchError } from "../../errors.ts";

interface SpendInput {
  readonly provider?: string | undefined;
  readonly on_quota_exceeded: "reject" | "partial" | "defer";
  readonly dry_run: boolean;
  readonly force: boolean;
  readonly wait_seconds: number;
}

export const spendMisnomers = {
  vendor: "use provider",
  cdn: "use provider",
  timeout: "use wait_seconds",
  wait: "use wait_seconds",
  preview: "use dry_run",
};

export function spendOptions(input: SpendInput) {
  const onQuotaExceeded = input.on_quota_exceeded;
  if (onQuotaExceeded === "defer") {
    throw new PrefetchError("unsupported", "on_quota_exceeded: defer is not supported yet", {
      hint: 'Nothing was sent. Use "partial" to send what fits today, and the rest after the reset.',
    });
  }
  return { provider: input.provider, onQuotaExceeded, dryRun: input.dry_run, force: input.force, waitSeconds: input.wait_seconds };
}
