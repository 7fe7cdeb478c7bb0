/** The request headers of each variant, and what to call it. */

interface Variant {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What tells it from the others; absent where there are none. */
  readonly label: string | undefined;
}

/** Headers that say who asks are named, not shown. */
const SECRET = /auth|cookie|token|key|secret|signature|credential/;

export function variantsOf(base: Readonly<Record<string, string>>, variants: readonly Readonly<Record<string, string>>[]): Variant[] {
  const all = (variants.length > 0 ? variants : [{}]).map((own) => ({ ...lowered(base), ...lowered(own) }));
  const names = [...new Set(all.flatMap((headers) => Object.keys(headers)))];
  const telling = names.filter((name) => new Set(all.map((headers) => headers[name])).size > 1);
  return all.map((headers, index) => {
    if (all.length === 1) return { headers, label: undefined };
    const parts = telling.map((name) => {
      const value = headers[name];
      if (value === undefined) return `no ${name}`;
      return `${name}: ${SECRET.test(name) ? "[redacted]" : value}`;
    });
    return { headers, label: parts.length > 0 ? parts.join(", ") : `the same as the others (${index + 1})` };
  });
}

/** undici would send a name that is spelled in two ways twice. */
export function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
