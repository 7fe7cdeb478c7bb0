/** A scripted CDN edge that records its requests. */

import { PrefetchError } from "../../src/base/errors.ts";
import type { Cdn, Edge, Verification } from "../../src/prefetch/model/edge.ts";

export interface EdgeScript {
  /** 1 by default. */
  readonly rowsPerUrl?: number;
  /** The rows of the nth verified URL. By default every URL is warm. */
  readonly found?: (url: string, nth: number, signal: AbortSignal) => Verification[] | Promise<Verification[]>;
  /** The texts by their URL; a `URL` in the place of a text redirects, and an error is thrown. */
  readonly texts?: Readonly<Record<string, string | URL | PrefetchError>>;
  /** Called before a text is returned. */
  readonly onText?: (url: string, signal: AbortSignal) => void | Promise<void>;
}

export interface FakeEdge extends Edge {
  readonly verified: string[];
  readonly read: string[];
}

export function fakeEdge({ rowsPerUrl = 1, found = (url) => [row(url)], texts = {}, onText }: EdgeScript = {}): FakeEdge {
  const verified: string[] = [];
  const read: string[] = [];
  return {
    rowsPerUrl,
    verified,
    read,
    verify: async (url, signal) => {
      signal.throwIfAborted();
      return found(url, verified.push(url) - 1, signal);
    },
    body: async (url, mostBytes, signal) => {
      signal.throwIfAborted();
      read.push(url);
      await onText?.(url, signal);
      const target = texts[url];
      const final = target instanceof URL ? target.href : url;
      const text = texts[final];
      if (text instanceof PrefetchError) throw text;
      if (typeof text !== "string") throw new PrefetchError("not_found", "The edge answered with 404");
      const whole = new TextEncoder().encode(text);
      return { url: final, bytes: whole.slice(0, mostBytes), encoding: undefined, isWhole: whole.length <= mostBytes };
    },
  };
}

export function row(url: string, more: Partial<Verification> = {}): Verification {
  return { url, state: "warm", reason: "The edge had it.", obstacles: [], evidence: [], ...more };
}

export function cdn(more: Partial<Cdn> = {}): Cdn {
  return { id: "fake", name: "Fake CDN", confidence: "certain", by: "headers", provider: "fake-cdn", ...more };
}
