/** The part that the emulators of all vendors have in common: the server, its log, and the members that tests and the edge use. */

import type { Answer } from "./server/answer.ts";
import type { ReceivedRequest } from "./server/receive.ts";
import { type EmulatorServer, startServer } from "./server/server.ts";
import type { WarmedUrls } from "./warmed-urls.ts";

/** One received request. Requests that an injected fault answers are not logged. */
export interface VendorLogEntry {
  readonly at: number;
  readonly method: string;
  readonly status: number;
  /** URLs or asset ids of an accepted prefetch. */
  readonly accepted: readonly string[];
}

export interface VendorEmulator<Entry extends VendorLogEntry> extends EmulatorServer {
  readonly log: readonly Entry[];
  /** Units of quota that were spent on the current day. */
  readonly spentToday: number;
  /** When the URL reached the CDN; `undefined` until then. */
  warmedAt(url: string): number | undefined;
}

/** An answer with what the log says about it. */
export interface Answered<Facts> {
  readonly answer: Answer;
  readonly accepted?: readonly string[] | undefined;
  /** The vendor's own facts of a log entry. */
  readonly facts: Facts;
}

interface VendorEmulatorOptions<Facts> {
  readonly now: () => number;
  readonly warmed: Pick<WarmedUrls, "warmedAt">;
  readonly quota: { readonly spent: number };
  readonly respond: (request: ReceivedRequest) => Answered<Facts>;
  /** The action that fault rules name. */
  readonly actionOf?: (request: ReceivedRequest) => string | undefined;
  /** Runs what became due since the last request or question. */
  readonly catchUp?: () => void;
}

export async function startVendor<Facts extends object>(
  options: VendorEmulatorOptions<Facts>,
): Promise<VendorEmulator<VendorLogEntry & Facts>> {
  const { now, warmed, quota, respond, actionOf, catchUp = () => undefined } = options;
  const log: (VendorLogEntry & Facts)[] = [];
  const server = await startServer({
    now,
    ...(actionOf && { actionOf }),
    answer: (request) => {
      const { answer, accepted = [], facts } = respond(request);
      log.push({ at: now(), method: request.method, status: answer.status, accepted, ...facts });
      return answer;
    },
  });
  return {
    ...server,
    log,
    get spentToday() {
      catchUp();
      return quota.spent;
    },
    warmedAt: (url) => {
      catchUp();
      return warmed.warmedAt(url);
    },
  };
}
