/** The proxy that the environment names for every program: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, also in lower case. */

import type { ProxySettings } from "../base/proxy-settings.ts";

interface ProxyReading {
  /** `undefined` if no usable proxy is set. */
  readonly proxy: ProxySettings | undefined;
  readonly warnings: readonly string[];
  /** User and password, and the texts that hold them. */
  readonly secrets: readonly string[];
}

/** A value that cannot be used is a warning, because it may be meant for another program. */
export function readProxySettings(env: NodeJS.ProcessEnv): ProxyReading {
  const valueIn = (name: string) => (env[name.toLowerCase()] ?? env[name])?.trim() || undefined;
  const [https, http] = ["HTTPS_PROXY", "HTTP_PROXY"].map((name) => ({ name, value: valueIn(name), url: proxyUrl(valueIn(name)) }));
  const read = [https, http].filter((each) => each !== undefined);
  const warnings = read.flatMap(({ name, value, url }) =>
    value !== undefined && url === undefined
      ? [`${name} is ignored: it must be the URL of an http or https proxy, such as http://proxy.example.com:3128.`]
      : [],
  );
  const isSet = read.some(({ url }) => url !== undefined);
  return {
    proxy: isSet ? { https: https?.url?.href, http: http?.url?.href, bypass: valueIn("NO_PROXY") } : undefined,
    warnings,
    secrets: read.flatMap(({ value, url }) => (value !== undefined && url ? secretsIn(value, url) : [])),
  };
}

/** `proxy.example.com:3128` without a scheme means http, as for curl. */
function proxyUrl(value: string | undefined): URL | undefined {
  if (value === undefined) return undefined;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  return url && (url.protocol === "http:" || url.protocol === "https:") && url.hostname !== "" ? url : undefined;
}

function secretsIn(value: string, { href, username, password }: URL): string[] {
  if (username === "" && password === "") return [];
  const parts = [password, username].filter((part) => part !== "");
  return [value, href, ...parts.flatMap((part) => [part, decoded(part)])];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: the proxy gets the text as it is.
    return text;
  }
}
