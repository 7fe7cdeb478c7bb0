/** The notification streams that are open. */

import type { ServerResponse } from "node:http";
import type { AuthInfo } from "@modelcontextprotocol/server";

/** Node fires a timer with a longer delay at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface OpenStreams {
  /** Closes the stream when its token expires. Calls `onClose` once, however the stream closes. */
  add(response: ServerResponse, authInfo: AuthInfo | undefined, onClose: () => void): void;
  closeAll(): void;
}

export function createOpenStreams(): OpenStreams {
  const streams = new Set<ServerResponse>();
  return {
    add: (response, authInfo, onClose) => {
      streams.add(response);
      const leftMs = (authInfo?.expiresAt ?? Number.POSITIVE_INFINITY) * 1_000 - Date.now();
      const expiry = leftMs <= LONGEST_TIMER_MS ? setTimeout(() => response.destroy(), Math.max(0, leftMs)).unref() : undefined;
      const close = (): void => {
        clearTimeout(expiry);
        streams.delete(response);
        onClose();
      };
      if (response.closed) close();
      else response.once("close", close);
    },
    closeAll: () => {
      for (const response of streams) response.destroy();
    },
  };
}
