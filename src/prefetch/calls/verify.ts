/** Verifies warmth: asks the CDN's edge about a task's URLs, or about a list of URLs, a page at a time. */

import { forEachConcurrently } from "../../base/for-each-concurrently.ts";
import type { ForeignText } from "../../base/foreign-text.ts";
import { listingAtHand } from "../admission/listed-hosts.ts";
import { shownInput } from "../admission/parse-urls.ts";
import { edgeOf } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { Edge, Verification, Warmth } from "../model/edge.ts";
import { parseUrl } from "../model/url.ts";
import type { Deps } from "./deps.ts";
import { cdnsOf, countWarmth, type HostCdn, verifyAdvice } from "./verify-advice.ts";
import { LONGEST_URL, listPage, type Page, type PageDeps, taskPage } from "./verify-page.ts";
import { shownUrl } from "./view.ts";

/** After this long no further URL is started. Hosts give up on a call after a minute, and the last answers take time. */
const BEGIN_MS = 40_000;
/** After this long no answer is waited for. Longer would lose the whole answer in hosts that allow a minute. */
const ANSWER_MS = 50_000;
/** Characters of answers after which no further URL is started: PoPs and variants multiply rows, and hosts bound results. */
const PAGE_CHARACTERS = 40_000;
/** URLs in flight. All of them are answered, so together they must not come to more than a page. */
const CONCURRENCY = 16;
const USUAL_ROW_CHARACTERS = 500;

export type VerifyRequest =
  | { readonly taskId: string; readonly cursor?: string | undefined }
  | { readonly urls: readonly unknown[]; readonly cursor?: undefined };

/** A finding whose `url` is the caller's spelling. `sentAs`: the URL that was asked for, if it differs. */
export interface VerifyRow extends Verification {
  readonly sentAs?: string;
}

export interface VerifyView {
  readonly rows: readonly VerifyRow[];
  /** Rows by warmth. */
  readonly counts: Readonly<Record<Warmth, number>>;
  readonly cdns: readonly HostCdn[];
  readonly nextCursor?: string;
  readonly nextStep: string;
}

type VerifyDeps = PageDeps & Pick<Deps, "guards" | "foreign" | "hostLists">;

export function createVerify(deps: VerifyDeps): (request: VerifyRequest, call: CallContext) => Promise<VerifyView> {
  const { clock, directory, guards } = deps;
  const { allowedDomains } = guards;
  const { clean } = deps.foreign;

  const ask = async (edge: Edge, input: unknown, call: CallContext, deadline: AbortSignal): Promise<Verification[]> => {
    const parsed = parseUrl(input, { maxLength: LONGEST_URL, allowedDomains });
    if (!parsed.ok) return [unseen(input, `Not asked: the URL ${parsed.reason}.`, clean)];
    try {
      return await edge.verify(parsed.url, AbortSignal.any([call.signal, deadline]));
    } catch (error) {
      if (!deadline.aborted || call.signal.aborted) throw error;
      return [unseen(parsed.url, "There was no answer for as long as a call may take.", clean)];
    }
  };

  /** The rows of the first URLs: of all of them, unless time or room runs out. At least one URL is asked about. */
  const askPage = async (edge: Edge, page: Page, until: number, call: CallContext): Promise<Verification[][]> => {
    const deadline = AbortSignal.timeout(Math.max(0, until - clock.monotonic()) + ANSWER_MS - BEGIN_MS);
    const concurrency = Math.max(1, Math.min(CONCURRENCY, Math.floor(PAGE_CHARACTERS / USUAL_ROW_CHARACTERS / edge.rowsPerUrl)));
    const found: Verification[][] = [];
    let started = 0;
    let characters = 0;
    // A page that asks nothing would lead to itself, so the first URLs are started however late it is.
    const shouldStop = (): boolean => started >= concurrency && (clock.monotonic() >= until || characters >= PAGE_CHARACTERS);
    await forEachConcurrently(page.urls.entries(), { concurrency, shouldStop }, async ([index, input]) => {
      started += 1;
      const rows = await ask(edge, input, call, deadline);
      found[index] = rows;
      characters += JSON.stringify(rows).length;
      call.onProgress?.(Object.keys(found).length, page.urls.length);
    });
    return found;
  };

  return async (request, call) => {
    const until = clock.monotonic() + BEGIN_MS;
    const edge = await edgeOf(directory);
    const page = "urls" in request ? listPage(request.urls, allowedDomains) : await taskPage(deps, request, until, call);
    const found = await askPage(edge, page, until, call);
    const nextCursor = page.cursorAfter(found.length);
    const late = nextCursor === undefined ? page.urls.slice(found.length) : [];
    const passedOver = late.map((input) =>
      unseen(input, "Not asked: this call had no time or room left for it. Call again with it.", clean),
    );
    const rows = [...found.flat(), ...passedOver].map((row) => ({ ...row, url: shownUrl(row.url) }));
    const providers = await Promise.all(directory.configured.map((id) => directory.get(id)));
    const cdns = cdnsOf(rows, { ...directory, listing: await listingAtHand(providers, deps.hostLists) });
    const asked = found.flatMap((each, index) => each.map((row) => asSpelt(row, page.spellings[index])));
    return {
      rows: [...asked, ...passedOver].map((row) => ({ ...row, url: shownUrl(row.url) })),
      counts: countWarmth(rows),
      cdns,
      ...(nextCursor !== undefined && { nextCursor }),
      nextStep: verifyAdvice(rows, cdns, {
        ...page,
        isOfTask: "taskId" in request,
        hasMore: nextCursor !== undefined,
      }),
    };
  };
}

function asSpelt(row: Verification, given: string | undefined): VerifyRow {
  return given === undefined ? row : { ...row, url: given, sentAs: shownUrl(row.url) };
}

function unseen(input: unknown, reason: string, clean: ForeignText["clean"]): Verification {
  const parsed = parseUrl(input, { maxLength: LONGEST_URL });
  return { url: parsed.ok ? parsed.url : shownInput(input, clean), state: "unknown", reason, obstacles: [], evidence: [] };
}
