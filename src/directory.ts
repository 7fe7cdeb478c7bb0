/** Makes providers when they are first used; in the sandbox that is also when the emulators start. */

import { systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { PrefetchError } from "./errors.ts";
import type { ProviderInfo } from "./mcp/resources/index.ts";
import type { ProviderDirectory } from "./prefetch/directory.ts";
import type { Provider } from "./prefetch/provider.ts";
import { providerRows } from "./providers/index.ts";
import type { ProviderRow } from "./providers/row.ts";
import type { Sandbox } from "./sandbox/index.ts";
import { version } from "./version.ts";

export interface Directory extends ProviderDirectory {
  describe(): Promise<ProviderInfo[]>;
  close(): Promise<void>;
}

export function createDirectory(config: Config): Directory {
  const made = new Map<string, Promise<Provider>>();
  let sandbox: Promise<Sandbox> | undefined;
  const configured = providerRows.filter((row) => config.sandbox || row.read(config.values).ok).map((row) => row.id);

  const valuesOf = async () => {
    if (!config.sandbox) return config.values;
    sandbox ??= import("./sandbox/index.ts").then(({ startSandbox }) => startSandbox());
    return (await sandbox).values;
  };

  const make = async (row: ProviderRow): Promise<Provider> => {
    const reading = row.read(await valuesOf());
    if (reading.ok) return reading.create({ clock: systemClock, userAgent: `cdn-prefetch-mcp/${version}` });
    throw new PrefetchError("not_configured", `${row.title} is not configured`, {
      provider: row.id,
      hint: `${reading.problem} Then restart the server. To try it without credentials, start it with --sandbox.`,
    });
  };

  const get = (id: string): Promise<Provider> => {
    const row = providerRows.find((candidate) => candidate.id === id);
    if (!row) return Promise.reject(new PrefetchError("invalid_argument", `provider: "${id}" is not known`));
    let provider = made.get(id);
    if (!provider) {
      provider = make(row);
      made.set(id, provider);
      provider.catch(() => made.delete(id));
    }
    return provider;
  };

  const describe = async ({ id, title, docs, read }: ProviderRow): Promise<ProviderInfo> => {
    const reading = read(config.values);
    if (!configured.includes(id)) return { id, title, docs, configured: false, ...(!reading.ok && { problem: reading.problem }) };
    const { accepts, tracking, depth, limits } = await get(id);
    return {
      id,
      title,
      docs,
      configured: true,
      accepts,
      tracking,
      depth,
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
    known: providerRows.map((row) => row.id),
    configured,
    get,
    describe: () => Promise.all(providerRows.map(describe)),
    close: async () => {
      const providers = await Promise.allSettled(made.values());
      await Promise.all(providers.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)));
      if (sandbox) await (await sandbox).close();
    },
  };
}
