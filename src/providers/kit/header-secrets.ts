/** Which of the headers that an operator configures may hold a credential. */

/**
 * Headers whose values every browser sends, so they are no secret. Any other header may hold one, whatever its name is. Hiding
 * `gzip` or a referrer's URL would blank out ordinary words and URLs.
 */
const publicNames =
  /^(accept(-.*)?|user-agent|origin|referer|cache-control|pragma|content-type|save-data|dnt|range|te|priority|via|from|x-requested-with|x-forwarded-(proto|host|port)|sec-.*|upgrade-insecure-requests|viewport-width|width|dpr|device-memory|downlink|ect|rtt)$/i;

/** The values that may be secret, from a JSON text of objects of header names and values. Empty for any other text. */
export function secretHeaderValues(json: string): string[] {
  try {
    return valuesIn(JSON.parse(json), "");
  } catch {
    // The setting's own check reports text that is not JSON.
    return [];
  }
}

/** Cookies and schemes are known by their parts as well: a vendor may echo `abc` of `Bearer abc`. */
function valuesIn(value: unknown, name: string): string[] {
  if (typeof value === "string") return publicNames.test(name) ? [] : [value, ...partsOf(value)];
  if (Array.isArray(value)) return value.flatMap((each) => valuesIn(each, name));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => valuesIn(each, key));
}

function partsOf(value: string): string[] {
  const cookies = value.split(/;\s*/).flatMap((pair) => /^[\w!#$%&'*+.^`|~-]+=(.*)$/.exec(pair)?.[1] ?? []);
  return [...credentialsIn(value), ...cookies.filter((part) => part.length >= MIN_COOKIE_CHARS)];
}

/** Shorter values, such as `1`, are words of ordinary texts, which hiding them would blank out. */
const MIN_COOKIE_CHARS = 8;

function credentialsIn(value: string): string[] {
  const [, credential] = /^(?:bearer|basic|token)\s+(\S+)$/i.exec(value) ?? [];
  return credential === undefined ? [] : [credential];
}
