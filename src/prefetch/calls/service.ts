/** The calls that tools and resources make. Tools speak of tasks; everything below this file speaks of batches. */

import { chooseProvider } from "../admission/routing.ts";
import { allSpendersOf } from "../admission/zones.ts";
import type { CallContext } from "../model/caller.ts";
import type { Quota } from "../model/quota.ts";
import { createAwaitTask } from "./await-task.ts";
import { cancelTask } from "./cancel.ts";
import type { Deps } from "./deps.ts";
import { createListTasks, type ListTasks } from "./list.ts";
import { withPurgeAdvice } from "./purge-advice.ts";
import { createRefresh } from "./refresh.ts";
import { createSpend } from "./spend.ts";
import { taskStatus } from "./status.ts";
import { type AssetsRequest, createSubmit, type UrlsRequest } from "./submit.ts";
import { createTaskViews } from "./task-view.ts";
import { createVerify, type VerifyRequest, type VerifyView } from "./verify.ts";
import type { StatusRequest, TaskView } from "./view.ts";

export interface PrefetchService {
  /** Throws `PrefetchError`: for a list without a usable URL, for quota, for a vendor that refuses every URL. */
  prefetchUrls(request: UrlsRequest, call: CallContext): Promise<TaskView>;
  prefetchAssets(request: AssetsRequest, call: CallContext): Promise<TaskView>;
  status(request: StatusRequest, call: CallContext): Promise<TaskView>;
  /** The stored tasks, newest first. */
  readonly list: ListTasks;
  /** Cancels the unsent rest of a task. */
  cancel(taskId: string, call: CallContext): Promise<TaskView>;
  /** Asks the CDN's edge whether it holds the URLs of a task, or a list of URLs; a page at a time. */
  verify(request: VerifyRequest, call: CallContext): Promise<VerifyView>;
  /** The quota of one provider, or of every configured one. A provider that can drop old copies has a second quota for that. */
  quota(provider: string | undefined, call: CallContext): Promise<Quota[]>;
}

export function createService(deps: Deps): PrefetchService {
  const refresh = createRefresh(deps);
  const parts = { refresh, awaitTask: createAwaitTask(deps, refresh), views: createTaskViews(deps) };
  return {
    ...createSubmit(deps, withPurgeAdvice(createSpend(deps, parts))),
    status: (request, call) => taskStatus(deps, parts, request, call),
    cancel: (taskId, call) => cancelTask(deps, parts.views, taskId, call),
    verify: createVerify(deps),
    list: createListTasks(deps),
    quota: async (provider, call) => {
      const { directory, allowances, hostLists } = deps;
      const ids = provider === undefined && directory.configured.length > 0 ? directory.configured : [provider];
      const chosen = await Promise.all(ids.map((id) => chooseProvider(directory, id)));
      const spenders = await Promise.all(chosen.map((each) => allSpendersOf(each, hostLists, call.signal)));
      return Promise.all(spenders.flat().map((each) => allowances.quota(each, call)));
    },
  };
}
