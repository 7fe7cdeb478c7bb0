/** Elements of a DASH manifest at other addresses (xlink; ISO/IEC 23009-1, section 5.5), fetched within the limits of a stream. */

import { PrefetchError } from "../base/errors.ts";
import { decodeBody, tooLarge } from "../documents/decode.ts";
import type { ExpandLimits, ExpandOptions } from "./expansion.ts";
import type { Manifest } from "./manifest.ts";

/** The text of a remote element, or the reason why it cannot be read. */
export type RemoteElement = { readonly text: string } | { readonly problem: string };
export type RemoteElements = ReadonlyMap<string, RemoteElement>;

/** More let one manifest cause many requests. Real manifests have one per advertisement break. */
const MOST_ELEMENTS = 20;
/** A remote element may hold references to remote elements, which are circular at worst. */
const MOST_ROUNDS = 3;

/** Reads the manifest again and again, each time with more of the elements that it asks for. */
export async function readRemote(
  read: (remote: RemoteElements) => Manifest,
  options: ExpandOptions,
  limits: ExpandLimits,
): Promise<Manifest> {
  const elements = new Map<string, RemoteElement>();
  for (let round = 0; ; round += 1) {
    const manifest = read(elements);
    const wanted = new Set(manifest.remote?.filter((url) => !elements.has(url)));
    if (wanted.size === 0) return manifest;
    for (const url of wanted) {
      const isOver = round >= MOST_ROUNDS || elements.size >= MOST_ELEMENTS;
      elements.set(
        url,
        isOver ? { problem: `lies beyond the limit of ${MOST_ELEMENTS} remote elements` } : await fetchElement(url, options, limits),
      );
    }
  }
}

async function fetchElement(
  url: string,
  { fetchBody, refuseHost }: ExpandOptions,
  { manifestBytes }: ExpandLimits,
): Promise<RemoteElement> {
  try {
    const refused = refuseHost(URL.parse(url)?.hostname ?? "");
    if (refused !== undefined) throw new PrefetchError("forbidden_domain", refused);
    const body = await fetchBody(url, manifestBytes);
    if (!body.isWhole) throw tooLarge(manifestBytes);
    return { text: decodeBody(body, manifestBytes) };
  } catch (error) {
    if (!(error instanceof PrefetchError) || error.code === "cancelled") throw error;
    return { problem: `cannot be read: ${error.message}` };
  }
}
