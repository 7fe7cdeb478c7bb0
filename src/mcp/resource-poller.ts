/**
 * Polls resources that have subscribers and reports changes. Polling also notices what another process of the same store does, and
 * it makes the server ask the vendor about tasks that no call asks about.
 */

import type { Clock } from "../base/clock.ts";
import { forEachConcurrently } from "../base/for-each-concurrently.ts";
import { withAmbientContext } from "../telemetry/ambient-context.ts";
import type { Snapshot, SnapshotReader } from "./resource-snapshot.ts";

/**
 * Shortest pause between two rounds, in which changes gather into one notification. Longer pauses delay notifications; shorter ones
 * send more of them.
 */
const LEAST_PAUSE_MS = 1_000;
/** The pause is this many times as long as the last round, because tool calls come first. */
const PAUSE_PER_ROUND = 4;
/** Reads in flight. Too few let one slow vendor delay a round; too many compete with tool calls. */
export const READS_IN_FLIGHT = 20;

export interface PolledResource {
  readonly uri: string;
  readonly read: SnapshotReader;
  latest: Snapshot;
}

export interface PollerOptions {
  /** Resources to poll. The subscriptions add and remove them. */
  readonly resources: ReadonlyMap<string, PolledResource>;
  readonly clock: Clock;
  readonly notify: (uri: string) => void;
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

export interface ResourcePoller {
  /** Starts to poll unless it already does. It ends by itself when there are no resources left. */
  start(): void;
}

export function createResourcePoller({ resources, clock, notify, stopped, report }: PollerOptions): ResourcePoller {
  let polling = false;

  const refresh = async (resource: PolledResource): Promise<void> => {
    try {
      const snapshot = await resource.read();
      const changed = snapshot.content !== resource.latest.content;
      resource.latest = snapshot;
      if (changed) notify(resource.uri);
    } catch (error) {
      if (!stopped.aborted) report(error, `polling ${resource.uri} for its subscribers`);
    }
  };

  const poll = async (): Promise<void> => {
    polling = true;
    try {
      for (let roundMs = 0; resources.size > 0; ) {
        await clock.sleep(Math.max(LEAST_PAUSE_MS, PAUSE_PER_ROUND * roundMs), stopped);
        const startedAt = clock.now();
        const changeable = [...resources.values()].filter(({ latest }) => !latest.final);
        await forEachConcurrently(changeable, { concurrency: READS_IN_FLIGHT }, refresh);
        roundMs = clock.now() - startedAt;
      }
    } catch (error) {
      if (!stopped.aborted) report(error, "polling subscribed resources");
    } finally {
      polling = false;
    }
  };

  return {
    start: () => {
      // It polls for all subscribers, so its log lines must not carry the first subscriber's context.
      if (!polling && resources.size > 0) void withAmbientContext({}, poll);
    },
  };
}
