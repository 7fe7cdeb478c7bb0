/** Options of the HTTP server, apart from authentication. */

export interface HttpOptions {
  /** Address or name, without brackets. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly path: string;
  /** The endpoint's URL for clients; `undefined` when they use the listening address. */
  readonly publicUrl: string | undefined;
  /** Host names, without ports, that the server accepts in a `Host` header. */
  readonly allowedHosts: readonly string[];
  /** Host names of web pages that may call the server. */
  readonly allowedOrigins: readonly string[];
  /** Origins of web pages that may also read the answers, such as https://app.example.com. */
  readonly corsOrigins: readonly string[];
  /** Limit per tenant. */
  readonly requestsPerMinute: number;
}

/** Whether only this machine can be behind a host name or address, such as localhost or [::1]. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
