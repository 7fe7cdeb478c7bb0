/**
 * The boundary where a vendor's and an edge's text enters the server. The registry puts it around every provider, so storage,
 * answers and metrics never see an echoed credential or a control character, whatever the provider forgets.
 */

import type { ForeignText } from "../base/foreign-text.ts";
import type { Edge } from "../prefetch/model/edge.ts";
import type { Call, Provider } from "../prefetch/model/provider.ts";

type Work = <Value>(work: () => Promise<Value>) => Promise<Value>;

export function withCleanText(provider: Provider, foreign: ForeignText): Provider {
  const { refresh, zone, ...rest } = provider;
  return {
    ...withClean(rest, foreign),
    ...(refresh && { refresh: withClean(refresh, foreign) }),
    ...(zone && { zone: oncePerZone((id) => withCleanText(zone(id), foreign)) }),
  };
}

/** The same provider for the same zone: admission compares providers by identity. */
function oncePerZone(create: (id: string) => Provider): (id: string) => Provider {
  const zones = new Map<string, Provider>();
  return (id) => {
    const provider = zones.get(id) ?? create(id);
    zones.set(id, provider);
    return provider;
  };
}

function withClean<Kind extends Omit<Provider, "refresh" | "zone">>(provider: Kind, foreign: ForeignText): Kind {
  const { status, resolveAsset, quota, hosts, findSubmitted, checkLogin, refusalOf, edge } = provider;
  const cleanly: Work = async (work) => {
    try {
      return foreign.clean(await work());
    } catch (error) {
      throw foreign.cleanError(error);
    }
  };
  return {
    ...provider,
    submit: (batch, call) => cleanly(() => provider.submit(batch, withCleanProgress(call, foreign))),
    ...(status && { status: (query, call) => cleanly(() => status(query, call)) }),
    ...(resolveAsset && { resolveAsset: (assetId, call) => cleanly(() => resolveAsset(assetId, call)) }),
    ...(quota && { quota: (call) => cleanly(() => quota(call)) }),
    ...(hosts && { hosts: (call) => cleanly(() => hosts(call)) }),
    ...(findSubmitted && { findSubmitted: (batch, sent, call) => cleanly(() => findSubmitted(batch, sent, call)) }),
    ...(checkLogin && { checkLogin: (call) => cleanly(() => checkLogin(call)) }),
    ...(refusalOf && { refusalOf: (url) => foreign.cleanError(refusalOf(url)) }),
    ...(edge && { edge: withCleanAnswers(edge, cleanly, foreign) }),
  };
}

/** An outcome keeps its URL, which is the server's own and names the item. */
function withCleanProgress(call: Call, { clean }: ForeignText): Call {
  const { progress } = call;
  if (!progress) return call;
  return { ...call, progress: { ...progress, settled: ({ url, ...outcome }) => progress.settled({ url, ...clean(outcome) }) } };
}

/** A manifest stays as it is: `clean-documents.ts` cleans the URLs and reasons that are read from it. */
function withCleanAnswers(edge: Edge, cleanly: Work, { cleanError }: ForeignText): Edge {
  return {
    ...edge,
    verify: (url, signal) => cleanly(() => edge.verify(url, signal)),
    body: async (url, mostBytes, signal) => {
      try {
        return await edge.body(url, mostBytes, signal);
      } catch (error) {
        throw cleanError(error);
      }
    },
  };
}
