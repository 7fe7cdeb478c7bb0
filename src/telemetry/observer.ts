/** Receives the events behind the server's metrics. The stdio transport has no metrics endpoint and uses `silentObserver`. */

export interface Observer {
  /** `outcome` is "ok" or an error's code. */
  toolCalled(tool: string, outcome: string, seconds: number): void;
  /** `outcome` is the class of the HTTP status, such as "2xx", or an error's code when there was no HTTP answer. */
  vendorCalled(provider: string, outcome: string, seconds: number): void;
}

export const silentObserver: Observer = { toolCalled: () => undefined, vendorCalled: () => undefined };
