/** File names that get a URL a certain outcome in the sandbox, so that what goes wrong can be seen too. */

/** "fail…": the vendor takes the URL and fails to fetch it. */
export function failsInSandbox(url: string): boolean {
  return /\/fail[^/]*$/.test(new URL(url).pathname);
}

/** "malformed…": the vendor finds the URL malformed, whatever it looks like. */
export function isMalformedInSandbox(url: string): boolean {
  return /\/malformed[^/]*$/.test(new URL(url).pathname);
}
