/** What tools call: submit, status, quota. Everything below it speaks of batches; everything above of tasks. */

import { chooseProvider } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { Quota } from "../model/quota.ts";
import type { Deps } from "./deps.ts";
import { type ListRequest, listTasks, type TaskList } from "./list.ts";
import { createStatus } from "./status.ts";
import { type AssetRequest, createSubmit, type UrlsRequest } from "./submit.ts";
import { createVerify, type VerifyRequest, type VerifyView } from "./verify.ts";
import type { StatusRequest, TaskView } from "./view.ts";

export interface PrefetchService {
  /** Throws `PrefetchError`: for a list without a usable URL, for quota, for a vendor that refuses everything. */
  prefetchUrls(request: UrlsRequest, call: CallContext): Promise<TaskView>;
  prefetchAsset(request: AssetRequest, call: CallContext): Promise<TaskView>;
  status(request: StatusRequest, call: CallContext): Promise<TaskView>;
  /** As stored, newest first. */
  list(request: ListRequest, call: Pick<CallContext, "caller">): Promise<TaskList>;
  /** Stops what was not sent yet of a task; what was sent is told apart. */
  cancel(taskId: string, call: CallContext): Promise<TaskView>;
  /** Asks the CDN's edge whether it holds a task's URLs, or some others; a page at a time. */
  verify(request: VerifyRequest, call: CallContext): Promise<VerifyView>;
  /** Of one provider, or of all that are configured. */
  quota(provider: string | undefined, call: CallContext): Promise<Quota[]>;
}

export function createService(deps: Deps): PrefetchService {
  const status = createStatus(deps);
  const submit = createSubmit(deps, status);
  return {
    ...submit,
    status: status.status,
    cancel: status.cancel,
    verify: createVerify(deps),
    list: (request, { caller }) => listTasks(deps, request, caller),
    quota: async (provider, call) => {
      const ids = provider === undefined && deps.directory.configured.length > 0 ? deps.directory.configured : [provider];
      return Promise.all(ids.map(async (id) => deps.allowances.quota(await chooseProvider(deps.directory, id), call)));
    },
  };
}
