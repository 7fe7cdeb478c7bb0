/** The app's configuration, read and checked; cli/config.ts adds what only transports need. */

import type { SettingValues } from "../base/setting.ts";
import type { Guards } from "../prefetch/model/guards.ts";
import type { Route } from "../prefetch/model/provider-directory.ts";
import type { LogLevel } from "../telemetry/log.ts";

export interface AppConfig {
  readonly sandbox: boolean;
  /** A file path, or `:memory:`. */
  readonly store: string;
  readonly pollSeconds: number | undefined;
  readonly guards: Guards;
  /** Units of quota a day and account, where that is less than the vendor allows. */
  readonly dailyBudget: number | undefined;
  readonly routes: readonly Route[];
  readonly logLevel: LogLevel;
  readonly transport: "stdio" | "http";
  /** Units of quota a day, account and tenant. */
  readonly tenantDailyBudget: number | undefined;
  /** Values of the providers' settings. */
  readonly values: SettingValues;
  /** Values that no log line may show. */
  readonly secrets: readonly string[];
  /** Said once in the log: names that look like settings and are none. */
  readonly warnings: readonly string[];
}
