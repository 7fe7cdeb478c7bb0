/** Makes providers when they are first used; in the sandbox that is also when the emulators start. */

import type { Clock } from "../base/clock.ts";
import { PrefetchError } from "../base/errors.ts";
import { version } from "../base/version.ts";
import type { ProviderInfo } from "../mcp/provider-info.ts";
import type { Provider } from "../prefetch/model/provider.ts";
import type { ProviderDirectory } from "../prefetch/model/provider-directory.ts";
import type { ProviderConfiguration, ProviderDefinition } from "../providers/definition.ts";
import { providerDefinitions } from "../providers/index.ts";
import type { Sandbox } from "../sandbox/index.ts";
import type { Observer } from "../telemetry/observer.ts";
import type { AppConfig } from "./config.ts";

export interface Directory extends ProviderDirectory {
  describe(): Promise<ProviderInfo[]>;
  close(): Promise<void>;
}

interface Known {
  readonly row: ProviderDefinition;
  readonly reading: ProviderConfiguration;
}

export function createDirectory(config: AppConfig, { clock, observer }: { readonly clock: Clock; readonly observer: Observer }): Directory {
  const made = new Map<string, Promise<Provider>>();
  let sandbox: Promise<Sandbox> | undefined;
  const readings = providerDefinitions.map((row): Known => ({ row, reading: row.read(config.values) }));
  const configured = readings.filter(({ reading }) => config.sandbox || reading.ok).map(({ row }) => row.id);
  const problems = readings.flatMap(({ reading }) => (config.sandbox || reading.ok ? [] : [reading.problem]));

  const sandboxOf = (): Promise<Sandbox> => {
    sandbox ??= import("../sandbox/index.ts").then(({ startSandbox }) => startSandbox());
    return sandbox;
  };

  // Settings are read once: what was good at the start and is not any more shows in the provider's own errors.
  const make = async ({ row, reading: own }: Known): Promise<Provider> => {
    const { values, ca } = config.sandbox ? await sandboxOf() : { values: undefined, ca: undefined };
    const reading = values ? row.read(values) : own;
    if (reading.ok) return reading.create({ clock, observer, userAgent: `cdn-prefetch-mcp/${version}`, ca });
    throw new PrefetchError("not_configured", `${row.title} is not configured`, {
      provider: row.id,
      hint: `${reading.problem} Then restart the server. To try it without credentials, start it with --sandbox.`,
    });
  };

  const get = (id: string): Promise<Provider> => {
    const known = readings.find(({ row }) => row.id === id);
    if (!known) return Promise.reject(new PrefetchError("invalid_argument", `provider: "${id}" is not known`));
    let provider = made.get(id);
    if (!provider) {
      provider = make(known);
      made.set(id, provider);
      provider.catch(() => made.delete(id));
    }
    return provider;
  };

  const describe = async ({ row: { id, title, docs }, reading }: Known): Promise<ProviderInfo> => {
    if (!configured.includes(id)) return { id, title, docs, configured: false, ...(!reading.ok && { problem: reading.problem }) };
    const { accepts, tracking, depth, reach, limits } = await get(id);
    return {
      id,
      title,
      docs,
      configured: true,
      accepts,
      tracking,
      depth,
      reach,
      limits: {
        urls_per_request: limits.urlsPerRequest,
        requests_per_minute: limits.requestsPerMinute,
        urls_per_day: limits.urlsPerDay,
        url_length: limits.urlLength,
        time_zone: limits.timeZone,
        poll_seconds: config.pollSeconds ?? limits.pollSeconds,
      },
    };
  };

  return {
    known: providerDefinitions.map((row) => row.id),
    configured,
    fallbacks: providerDefinitions.flatMap(({ id, fallback }) => (fallback && configured.includes(id) ? [id] : [])),
    problems,
    unfinished: readings.flatMap(({ row, reading }) => {
      const begun = row.settings.some(({ name }) => config.values[name] !== undefined);
      return begun && !config.sandbox && !reading.ok ? [reading.problem] : [];
    }),
    routes: config.routes,
    get,
    describe: () => Promise.all(readings.map(describe)),
    close: async () => {
      const providers = await Promise.allSettled(made.values());
      await Promise.all(providers.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)));
      if (sandbox) await (await sandbox).close();
    },
  };
}
