/** Expands the configured variants into complete request headers, each with a label that tells it apart. */

type HeaderValues = Readonly<Record<string, string>>;

interface Variant {
  /** Header names are in lower case. */
  readonly headers: HeaderValues;
  /** Its place in the setting and the headers that differ, such as `variant 2 (accept-encoding)`; absent for a single variant. */
  readonly label: string | undefined;
}

export function variantsOf(base: HeaderValues, variants: readonly HeaderValues[]): Variant[] {
  const all = (variants.length > 0 ? variants : [{}]).map((own) => ({ ...lowerNames(base), ...lowerNames(own) }));
  if (all.length === 1) return all.map((headers) => ({ headers, label: undefined }));
  const names = differingNames(all);
  return all.map((headers, index) => ({ headers, label: `variant ${index + 1} (${labelOf(headers, names)})` }));
}

function differingNames(all: readonly HeaderValues[]): string[] {
  const names = new Set(all.flatMap((headers) => Object.keys(headers)));
  return [...names].filter((name) => new Set(all.map((headers) => headers[name])).size > 1);
}

/** Names only: a value may be a credential, whatever its header is called. */
function labelOf(headers: HeaderValues, names: readonly string[]): string {
  if (names.length === 0) return "a duplicate";
  return names.map((name) => (headers[name] === undefined ? `no ${name}` : name)).join(", ");
}

/** undici sends a header twice when an object spells its name in two ways. */
export function lowerNames(headers: HeaderValues): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
