import fc from "fast-check";

/** Any text at all: control characters, half surrogates, names that every object has. Built much faster than fast-check's own "binary" unit. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map((codes) => String.fromCharCode(...codes));
  return fc.oneof(fc.string({ maxLength }), units);
}
