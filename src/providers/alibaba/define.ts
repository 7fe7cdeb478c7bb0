/** Reads the settings of a product of Alibaba Cloud: its own, and the keys that all products share. */

import type { SettingValues } from "../../base/setting.ts";
import type { Provider } from "../../prefetch/model/provider.ts";
import type { ProviderConfiguration, ProviderContext, ProviderDefinition } from "../definition.ts";
import type { KeySource } from "../kit/access-keys.ts";
import { type CheckedSetting, leftOut, misconfigured, settingProblems } from "../kit/settings.ts";
import { readCredentials } from "./credentials.ts";
import { productsOf } from "./shared-settings.ts";

export interface AccountOptions {
  readonly credentials: KeySource;
  /** Names the vendor account in the ledger. Holds no secret. */
  readonly account: string;
}

interface DefineOptions extends Omit<ProviderDefinition, "read" | "settings"> {
  /** The product's word in `PREFETCH_ALIBABA_PRODUCTS`. */
  readonly product: string;
  /** The beginning of the names of its own settings. */
  readonly prefix: string;
  readonly settings: readonly CheckedSetting[];
  readonly create: (values: SettingValues, options: AccountOptions, context: ProviderContext) => Promise<Provider>;
}

export function defineAlibaba({ product, prefix, create, ...definition }: DefineOptions): ProviderDefinition {
  const { id, settings } = definition;
  const read = (values: SettingValues): ProviderConfiguration => {
    const notUsed = leftOut(productsOf, { id, product, prefix }, values);
    if (notUsed) return notUsed;
    const found = readCredentials(values);
    const problems = settingProblems(settings, values);
    if ("problem" in found) return misconfigured(id, [found.problem, ...problems]);
    if (problems.length > 0) return misconfigured(id, problems);
    const { credentials, secrets, keyIds } = found;
    const account = `${id}:${values[`${prefix}ACCOUNT`] ?? found.account}`;
    return { ok: true, secrets, keyIds, create: (context) => create(values, { credentials, account }, context) };
  };
  return { ...definition, read };
}
