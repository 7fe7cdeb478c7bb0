/** An endpoint setting: a full URL, encrypted unless it stays on this machine. */
export function endpointProblem(name: string, value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null) return `${name} must be a full URL such as https://vod.cn-north-4.myhuaweicloud.com`;
  if (url.username || url.password || url.search || url.hash || url.pathname !== "/") return `${name} must be scheme and host only`;
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "https:" || (url.protocol === "http:" && loopback)) return undefined;
  return `${name} must begin with https:// (http:// is for loopback addresses only)`;
}
