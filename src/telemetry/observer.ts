/** What a server can count of itself; over stdio silentObserver asks. */

export interface Observer {
  /** `outcome` is "ok" or an error's code. */
  toolCalled(tool: string, outcome: string, seconds: number): void;
  /** `outcome` is the class of the HTTP status, such as "2xx", or the code of the error that came instead. */
  vendorCalled(provider: string, outcome: string, seconds: number): void;
}

export const silentObserver: Observer = { toolCalled: () => undefined, vendorCalled: () => undefined };
