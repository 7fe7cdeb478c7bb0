/** File names that make an emulated vendor refuse or fail a URL, so that users can see failures too. */

/** `fail….mp4`: the vendor accepts the URL and fails to fetch it. */
export function failsInSandbox(url: string): boolean {
  return /\/fail[^/]*$/.test(new URL(url).pathname);
}

/** `malformed….mp4`: the vendor refuses the URL as malformed. */
export function isMalformedInSandbox(url: string): boolean {
  return /\/malformed[^/]*$/.test(new URL(url).pathname);
}
