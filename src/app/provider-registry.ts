/** Every provider that the server knows: whether its settings are complete, and the provider itself, created at its first use. */

import type { Clock } from "../base/clock.ts";
import { DOCTOR_HINT, PrefetchError } from "../base/errors.ts";
import type { ForeignText } from "../base/foreign-text.ts";
import type { Secrets } from "../base/secrets.ts";
import { version } from "../base/version.ts";
import type { ProviderInfo } from "../mcp/provider-info.ts";
import type { Provider } from "../prefetch/model/provider.ts";
import type { ProviderDirectory } from "../prefetch/model/provider-directory.ts";
import type { ProviderConfiguration, ProviderDefinition } from "../providers/definition.ts";
import { providerDefinitions } from "../providers/index.ts";
import type { Sandbox } from "../sandbox/index.ts";
import type { Observer } from "../telemetry/observer.ts";
import { withCleanText } from "./clean-provider.ts";
import type { AppConfig } from "./config.ts";

export interface ProviderRegistry extends ProviderDirectory {
  describe(): Promise<ProviderInfo[]>;
  close(): Promise<void>;
}

interface RegistryContext {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly secrets: Secrets;
  readonly foreign: ForeignText;
}

interface Entry {
  readonly definition: ProviderDefinition;
  /** Read once at the start. Credentials that expire later show up in the provider's own errors. */
  readonly configuration: ProviderConfiguration;
}

export function createProviderRegistry(config: AppConfig, { clock, observer, secrets, foreign }: RegistryContext): ProviderRegistry {
  const entries = providerDefinitions.map((definition): Entry => ({ definition, configuration: definition.read(config.values) }));
  for (const { configuration } of entries) {
    if (!configuration.ok) continue;
    configuration.secrets?.forEach(secrets.add);
    configuration.keyIds?.forEach(secrets.addKeyId);
  }
  const known = entries.map(({ definition }) => definition.id);
  // The sandbox configures every provider with its own emulator.
  const usable = entries.filter(({ configuration }) => config.sandbox || configuration.ok);
  const configured = usable.map(({ definition }) => definition.id);
  const wanting = entries.filter((entry) => !usable.includes(entry) && !isOff(entry));
  const created = new Map<string, Promise<Provider>>();
  let sandbox: Promise<Sandbox> | undefined;

  const startSandboxOnce = (): Promise<Sandbox> => {
    sandbox ??= import("../sandbox/index.ts").then(({ startSandbox }) => startSandbox());
    return sandbox;
  };

  const create = async ({ definition, configuration: own }: Entry): Promise<Provider> => {
    const { values, ca } = config.sandbox ? await startSandboxOnce() : { values: undefined, ca: undefined };
    const configuration = values ? definition.read(values) : own;
    if (configuration.ok) {
      const userAgent = `cdn-prefetch-mcp/${version}`;
      // The emulators of the sandbox run on this machine.
      const proxy = config.sandbox ? undefined : config.proxy;
      return withCleanText(await configuration.create({ clock, observer, secrets, userAgent, ca, proxy }), foreign);
    }
    throw new PrefetchError("not_configured", `${definition.title} is not configured`, {
      provider: definition.id,
      hint: `${configuration.problem} Then restart the server. To try it without credentials, start it with --sandbox. ${DOCTOR_HINT}`,
    });
  };

  const get = async (id: string): Promise<Provider> => {
    const entry = entries.find(({ definition }) => definition.id === id);
    if (!entry) {
      throw new PrefetchError("invalid_argument", `provider: "${id}" is not known`, { hint: `Choose one of: ${known.join(", ")}.` });
    }
    const earlier = created.get(id);
    if (earlier) return earlier;
    const provider = create(entry);
    created.set(id, provider);
    // The next call tries again after a failure.
    provider.catch(() => created.delete(id));
    return provider;
  };

  const describe = async ({ definition: { id, title, docs }, configuration }: Entry): Promise<ProviderInfo> => {
    if (configured.includes(id)) return { id, title, docs, configured: true, ...capabilitiesOf(await get(id), config.pollSeconds) };
    return { id, title, docs, configured: false, ...(!configuration.ok && { problem: configuration.problem }) };
  };

  return {
    known,
    configured,
    fallbacks: usable.flatMap(({ definition }) => (definition.fallback ? [definition.id] : [])),
    refreshing: usable.flatMap(({ definition }) => (definition.refreshes ? [definition.id] : [])),
    assetTakers: usable.flatMap(({ definition }) => (definition.takesAssets ? [definition.id] : [])),
    purposes: new Map(usable.flatMap(({ definition: { id, purpose } }) => (purpose === undefined ? [] : [[id, purpose] as const]))),
    problems: problemsOf(wanting),
    unfinished: problemsOf(wanting.filter((entry) => hasSomeSetting(entry, config))),
    routes: config.routes,
    get,
    describe: () => Promise.all(entries.map(describe)),
    close: async () => {
      const providers = await Promise.allSettled(created.values());
      await Promise.all(providers.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)));
      if (sandbox) await (await sandbox).close();
    },
  };
}

function problemsOf(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ configuration }) => (configuration.ok ? [] : [configuration.problem]));
}

function isOff({ configuration }: Entry): boolean {
  return !configuration.ok && configuration.off === true;
}

function hasSomeSetting({ definition }: Entry, { values }: AppConfig): boolean {
  return definition.settings.some(({ name }) => values[name] !== undefined);
}

function capabilitiesOf(
  { accepts, tracking, depth, reach, purging, limits }: Provider,
  pollSeconds: number | undefined,
): Partial<ProviderInfo> {
  return {
    accepts,
    tracking,
    depth,
    reach,
    purging,
    limits: {
      urls_per_request: limits.urlsPerRequest,
      requests_per_minute: limits.requestsPerMinute,
      urls_per_day: limits.urlsPerDay,
      url_length: limits.urlLength,
      time_zone: limits.timeZone,
      poll_seconds: pollSeconds ?? limits.pollSeconds,
    },
  };
}
