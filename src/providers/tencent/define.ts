/** Reads the settings of a product of Tencent Cloud: its own, and those that all products share. */

import type { SettingValues } from "../../base/setting.ts";
import type { Provider } from "../../prefetch/model/provider.ts";
import type { ProviderConfiguration, ProviderContext, ProviderDefinition } from "../definition.ts";
import { type CheckedSetting, leftOut, misconfigured, settingProblems } from "../kit/settings.ts";
import { readCredentials } from "./credentials.ts";
import type { TencentOptions } from "./options.ts";
import { endpointOf, productSettings, productsOf, sharedSettings } from "./settings.ts";

interface DefineOptions extends Omit<ProviderDefinition, "read" | "settings"> {
  /** The product's word in `PREFETCH_TENCENT_PRODUCTS`. */
  readonly product: string;
  /** The first label of the API's host. */
  readonly service: string;
  /** Settings of this product only, by the ends of their names. */
  readonly own: readonly CheckedSetting[];
  readonly create: (values: SettingValues, options: TencentOptions & ProviderContext) => Promise<Provider>;
}

export const prefixOf = (product: string): string => `PREFETCH_TENCENT_${product.toUpperCase()}_`;

export function defineTencent({ product, service, own, create, ...definition }: DefineOptions): ProviderDefinition {
  const { id } = definition;
  const prefix = prefixOf(product);
  const common = productSettings(prefix, service);
  const settings = [...sharedSettings, ...Object.values(common), ...own];
  const read = (values: SettingValues): ProviderConfiguration => {
    const notUsed = leftOut(productsOf, { id, product, prefix }, values);
    if (notUsed) return notUsed;
    const found = readCredentials(values);
    const problems = settingProblems(settings, values);
    if ("problem" in found) return misconfigured(id, [found.problem, ...problems]);
    if (problems.length > 0) return misconfigured(id, problems);
    const { credentials, secrets, keyIds } = found;
    const options = {
      endpoint: values[common.endpoint.name] ?? endpointOf(service, values.PREFETCH_TENCENT_SITE),
      signHost: values[common.signHost.name],
      credentials,
      account: `${id}:${values[common.account.name] ?? found.account}`,
    };
    return { ok: true, secrets, keyIds, create: (context) => create(values, { ...options, ...context }) };
  };
  return { ...definition, settings, read };
}
