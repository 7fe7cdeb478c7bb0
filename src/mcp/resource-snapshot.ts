/** Reads the part of a resource that subscribers want to know about. */

import type { PrefetchService } from "../prefetch/calls/service.ts";
import type { CallContext } from "../prefetch/model/caller.ts";
import { isEnded } from "../prefetch/model/task.ts";

export interface Snapshot {
  /** Differs from the earlier content exactly when subscribers must be notified. */
  readonly content: string;
  /** A final snapshot cannot change any more. */
  readonly final: boolean;
}

export interface SnapshotSources {
  readonly service: Pick<PrefetchService, "quota" | "status">;
  readonly providers: { readonly configured: readonly string[] };
}

/** Reads one resource. Throws `not_found` for an unknown task. */
export type SnapshotReader = () => Promise<Snapshot>;

/** `undefined` for a URI that names no subscribable resource, such as prefetch://quota/unknown-provider. */
export function snapshotReader(uri: string, { service, providers }: SnapshotSources, call: CallContext): SnapshotReader | undefined {
  const [, kind, id = ""] = /^prefetch:\/\/(quota|tasks)\/([\w-]+)$/.exec(uri) ?? [];
  if (kind === "quota" && providers.configured.includes(id)) {
    return async () => {
      const quotas = await service.quota(id, call);
      // The time at which a quota was read changes with every look.
      return { content: JSON.stringify(quotas.map(({ at: _, ...facts }) => facts)), final: false };
    };
  }
  if (kind === "tasks" && id.startsWith("pf_")) {
    return async () => {
      const { state, counts } = await service.status({ taskId: id, detail: "summary", waitSeconds: 0, unhurried: true }, call);
      return { content: JSON.stringify({ state, counts }), final: isEnded(state) };
    };
  }
  return undefined;
}
