/** Expands the configured variants into complete request headers, each with a label that tells it apart. */

type HeaderValues = Readonly<Record<string, string>>;

interface Variant {
  /** Header names are in lower case. */
  readonly headers: HeaderValues;
  /** The headers that differ between variants, such as `accept-encoding: br`; absent for a single variant. */
  readonly label: string | undefined;
}

/** A label shows only the name of a header that may hold a credential. */
const SECRET = /auth|cookie|token|key|secret|signature|credential/;

export function variantsOf(base: HeaderValues, variants: readonly HeaderValues[]): Variant[] {
  const all = (variants.length > 0 ? variants : [{}]).map((own) => ({ ...lowerNames(base), ...lowerNames(own) }));
  if (all.length === 1) return all.map((headers) => ({ headers, label: undefined }));
  const names = differingNames(all);
  return all.map((headers, index) => ({ headers, label: labelOf(headers, names) || `duplicate variant ${index + 1}` }));
}

function differingNames(all: readonly HeaderValues[]): string[] {
  const names = new Set(all.flatMap((headers) => Object.keys(headers)));
  return [...names].filter((name) => new Set(all.map((headers) => headers[name])).size > 1);
}

function labelOf(headers: HeaderValues, names: readonly string[]): string {
  const parts = names.map((name) => {
    const value = headers[name];
    if (value === undefined) return `no ${name}`;
    return `${name}: ${SECRET.test(name) ? "[redacted]" : value}`;
  });
  return parts.join(", ");
}

/** undici sends a header twice when an object spells its name in two ways. */
export function lowerNames(headers: HeaderValues): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
