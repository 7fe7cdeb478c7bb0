/** Resources: quota, tasks and providers, readable without a tool call. */

import { type McpServer, ResourceNotFoundError, ResourceTemplate } from "@modelcontextprotocol/server";
import { explain, PrefetchError } from "../../base/errors.ts";
import { callContextOf } from "../call-context.ts";
import type { Principal } from "../caller.ts";
import type { ToolDeps } from "../define-tool.ts";
import type { ProviderInfo } from "../provider-info.ts";
import { quotaResult, taskResult } from "../result.ts";

export interface ResourceDeps extends ToolDeps {
  readonly describeProviders: () => Promise<readonly ProviderInfo[]>;
}

const mimeType = "application/json";
const QUOTA_TTL_MS = 5_000;
const TASK_TTL_MS = 1_000;
const PROVIDERS_TTL_MS = 300_000;
/** The protocol's limit of values per completion; the newest tasks come first. */
const MOST_COMPLETIONS = 100;
/** The SDK tells no abort of a completion. */
const neverAborted = new AbortController().signal;

export function registerResources(server: McpServer, deps: ResourceDeps, principal: Principal): void {
  const { service, providers, notice, report, describeProviders } = deps;
  const answer = (uri: URL, body: object) => ({
    contents: [{ uri: uri.href, mimeType, text: JSON.stringify({ ...body, ...(notice !== undefined && { notice }) }) }],
  });
  const privately = (ttlMs: number) => ({ mimeType, cacheHint: { ttlMs, cacheScope: "private" as const } });

  server.registerResource(
    "quota",
    "prefetch://quota",
    { title: "Prefetch quota", description: "Today's prefetch quota of every configured provider.", ...privately(QUOTA_TTL_MS) },
    async (uri, context) => {
      // Without a configured provider the list is empty; a tool would fail with `not_configured`.
      const quotas = providers.configured.length === 0 ? [] : await service.quota(undefined, callContextOf(context, principal, report));
      return answer(uri, { quotas: quotas.map(quotaResult) });
    },
  );

  server.registerResource(
    "provider-quota",
    new ResourceTemplate("prefetch://quota/{provider}", {
      list: () => ({ resources: providers.configured.map((id) => ({ uri: `prefetch://quota/${id}`, name: `quota of ${id}`, mimeType })) }),
      complete: { provider: (typed) => providers.known.filter((id) => id.startsWith(typed)) },
    }),
    { title: "Prefetch quota of one provider", description: "Limit, used, remaining, and when it resets.", ...privately(QUOTA_TTL_MS) },
    async (uri, { provider }, context) => {
      const quotas = await readOrNotFound(uri, () => service.quota(String(provider), callContextOf(context, principal, report)));
      const [quota] = quotas;
      // A vendor that counts by zone has one quota for each.
      const byZone = quotas.filter(({ zone }) => zone !== undefined);
      if (byZone.length > 0) return answer(uri, { quotas: byZone.map(quotaResult) });
      return answer(uri, quota ? quotaResult(quota) : {});
    },
  );

  server.registerResource(
    "task",
    new ResourceTemplate("prefetch://tasks/{task_id}", {
      list: undefined,
      complete: {
        task_id: async (typed) => {
          const { tasks } = await service.list({ limit: MOST_COMPLETIONS }, { caller: principal, signal: neverAborted });
          return tasks.map(({ taskId }) => taskId).filter((id) => id.startsWith(typed));
        },
      },
    }),
    { title: "Prefetch task", description: "State, counts and problems of one task.", ...privately(TASK_TTL_MS) },
    async (uri, { task_id: taskId }, context) => {
      const request = { taskId: String(taskId), detail: "summary", waitSeconds: 0 } as const;
      return answer(uri, taskResult(await readOrNotFound(uri, () => service.status(request, callContextOf(context, principal, report)))));
    },
  );

  server.registerResource(
    "providers",
    "prefetch://providers",
    {
      title: "Prefetch providers",
      description: "Capabilities and limits of each provider, and the settings that an unconfigured one needs.",
      ...privately(PROVIDERS_TTL_MS),
    },
    async (uri) => answer(uri, { providers: await describeProviders() }),
  );

  /** An unknown provider or task becomes the protocol's "resource not found"; other errors keep their text. */
  async function readOrNotFound<Value>(uri: URL, read: () => Promise<Value>): Promise<Value> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof PrefetchError)) {
        report(error, `the resource ${uri.href}`);
        throw new Error("internal: an unexpected error inside the server");
      }
      if (error.code === "not_found" || error.code === "invalid_argument") throw new ResourceNotFoundError(uri.href, explain(error));
      throw new Error(`${error.code}: ${explain(error)}`);
    }
  }
}
