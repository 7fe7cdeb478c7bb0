/** The form in which `index.ts` lists a provider: its settings, and how to create it from them. */

import type { Clock } from "../base/clock.ts";
import type { ProxySettings } from "../base/proxy-settings.ts";
import type { Secrets } from "../base/secrets.ts";
import type { Setting, SettingValues } from "../base/setting.ts";
import type { Provider } from "../prefetch/model/provider.ts";
import type { Observer } from "../telemetry/observer.ts";

export interface ProviderContext {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer: Observer;
  /** The process's known secrets. A provider adds those that it fetches or reads; those of its settings are there. */
  readonly secrets?: Secrets | undefined;
  /** The way to vendors' APIs. Absent in the sandbox. */
  readonly proxy?: ProxySettings | undefined;
  /** Certificate of the sandbox's authority, in PEM. Absent outside the sandbox. */
  readonly ca?: string | undefined;
}

/** The result of reading a provider's settings. */
export type ProviderConfiguration =
  | {
      readonly ok: true;
      /** Secrets that were read from elsewhere than the settings, such as from a profile file. */
      readonly secrets?: readonly string[];
      /** Access key ids from there. */
      readonly keyIds?: readonly string[];
      /** Loads the provider's code and creates the provider. Opens no connection. */
      readonly create: (context: ProviderContext) => Promise<Provider>;
    }
  /** `problem` names the variables to set or correct, and shows no values: "alibaba-vod: set X; Y must be true or false." */
  | {
      readonly ok: false;
      readonly problem: string;
      /** Nothing that is set asks for this provider. */
      readonly off?: true;
    };

/** A provider that has not been created yet. */
export interface ProviderDefinition {
  readonly id: string;
  readonly title: string;
  readonly docs: string;
  /** The use of the provider, such as "any other CDN", where its id does not tell it. Models read it in every conversation. */
  readonly purpose?: string;
  /** The provider takes asset ids. Known before the provider is created, because the tools say so. */
  readonly takesAssets?: true;
  /** Hosts that its emulator in the sandbox serves: `cdn.example.net`, `*.example.com`. Sandbox routes follow from them. */
  readonly sandboxHosts: readonly string[];
  /** Works without credentials. A call that names no provider uses it only when no other provider is configured. */
  readonly fallback?: true;
  /** The provider has a `refresh`. Known before the provider is created, because the tools say so. */
  readonly refreshes?: true;
  readonly settings: readonly Setting[];
  /** Reads and checks the values of `settings`. Does no network I/O. */
  readonly read: (values: SettingValues) => ProviderConfiguration;
}
