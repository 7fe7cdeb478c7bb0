/** The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name. */
export interface ProxySettings {
  /** For https URLs. Without it, `http` serves them, too. */
  readonly https?: string | undefined;
  readonly http?: string | undefined;
  /** Hosts to reach without a proxy, as in NO_PROXY: `example.com`, `.example.com`, `*.example.com`, `host:port` or `*`. */
  readonly bypass?: string | undefined;
}
