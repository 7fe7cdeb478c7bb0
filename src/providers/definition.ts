import type { Clock } from "../base/clock.ts";
import type { Setting, SettingValues } from "../base/setting.ts";
import type { Provider } from "../prefetch/model/provider.ts";
import type { Observer } from "../telemetry/observer.ts";

export interface ProviderContext {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer: Observer;
  /** Certificate authority of the sandbox's edge. */
  readonly ca?: string | undefined;
}

/** What a provider's settings amount to. */
export type ProviderConfiguration =
  | {
      readonly ok: true;
      /** Loads the provider's code and makes it; connects to nothing. */
      readonly create: (context: ProviderContext) => Promise<Provider>;
    }
  /** `problem` is for the person who sets it up: it names variables and shows no values. */
  | { readonly ok: false; readonly problem: string };

/** How a provider is known to the server before it is used. */
export interface ProviderDefinition {
  readonly id: string;
  readonly title: string;
  readonly docs: string;
  /** Needs no credentials, and is meant only where no other provider can be. */
  readonly fallback?: true;
  readonly settings: readonly Setting[];
  readonly read: (values: SettingValues) => ProviderConfiguration;
}
