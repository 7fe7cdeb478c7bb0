/** What settings of any provider must keep to. */

/** An endpoint: a full URL, encrypted unless it stays on this machine. `example` is a good one, for the message. */
export function endpointProblem(name: string, value: string, example: string): string | undefined {
  const url = URL.parse(value);
  if (url === null) return `${name} must be a full URL such as ${example}`;
  if (url.username || url.password || url.search || url.hash || url.pathname !== "/") return `${name} must be scheme and host only`;
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && loopback)) return undefined;
  return `${name} must begin with https:// (http:// is for loopback addresses only)`;
}

/** Whether a secret can stand in an HTTP header; anything else was not copied cleanly. */
export function isHeaderSafe(value: string): boolean {
  return /^[\x21-\x7e]+$/.test(value);
}
