/** Attributes of an element: names and values in turn. A list takes a fraction of a map's memory. */

export interface WithAttributes {
  readonly attributes: readonly string[];
}

export function attribute(element: WithAttributes | undefined, name: string): string | undefined {
  const list = element?.attributes ?? [];
  for (let index = 0; index < list.length; index += 2) if (list[index] === name) return list[index + 1];
  return undefined;
}
