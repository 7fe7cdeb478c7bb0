/** The checked configuration of the app. cli/config.ts reads it and adds the settings of the HTTP server. */

import type { ProxySettings } from "../base/proxy-settings.ts";
import type { SettingValues } from "../base/setting.ts";
import type { Guards } from "../prefetch/model/guards.ts";
import type { Route } from "../prefetch/model/provider-directory.ts";
import type { PostgresStore } from "../storage/postgres/address.ts";
import type { LogLevel } from "../telemetry/log.ts";

export interface AppConfig {
  readonly sandbox: boolean;
  /** A file path, `:memory:`, or the address of `postgres` without its password. */
  readonly store: string;
  /** The store is in a PostgreSQL database. */
  readonly postgres?: PostgresStore | undefined;
  /** Overrides the poll interval of every provider. */
  readonly pollSeconds: number | undefined;
  readonly guards: Guards;
  /** Units of quota per day and vendor account; `undefined` leaves only the vendor's limit. */
  readonly dailyBudget: number | undefined;
  /** Units of quota per day, vendor account and tenant. */
  readonly tenantDailyBudget: number | undefined;
  readonly routes: readonly Route[];
  readonly logLevel: LogLevel;
  readonly transport: "stdio" | "http";
  /** Signs the questions that clients send back with the user's answer; `undefined` for a key of this process alone. */
  readonly stateKey?: string | undefined;
  /** From the environment's HTTPS_PROXY, HTTP_PROXY and NO_PROXY. */
  readonly proxy?: ProxySettings | undefined;
  /** Raw values of all settings by variable; providers read their own from it. */
  readonly values: SettingValues;
  /** Values that no output shows. */
  readonly secrets: readonly string[];
  /** Access key ids. Messages of vendors and the log hide them, URLs keep them. */
  readonly keyIds: readonly string[];
  /** Logged once at the start. */
  readonly warnings: readonly string[];
}
