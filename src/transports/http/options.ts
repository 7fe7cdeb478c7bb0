export interface HttpOptions {
  /** Address or name, without brackets. */
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly path: string;
  /** Where clients reach the endpoint, if not at the address that it listens on. */
  readonly publicUrl: string | undefined;
  /** Names, without ports, by which the server may be addressed; and those of pages that may call it. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Of one tenant. */
  readonly requestsPerMinute: number;
}

/** Whether nobody but this machine can be behind the host of an address or URL. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
