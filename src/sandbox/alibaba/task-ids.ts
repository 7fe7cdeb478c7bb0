/**
 * Gives out task ids. URLs of one host and second share an id, even over several requests.
 * Source: https://www.alibabacloud.com/help/en/doc-detail/130636.html, about DCDN. The pages of VOD do not mention the rule.
 */

export interface TaskIds {
  next(): string;
  /** The id that URLs of this host accepted in this second share. */
  merged(host: string, at: number): string;
}

/** The vendor starts another id for more URLs of one host and second. */
const MOST_URLS_PER_ID = 500;
const FIRST_ID = 704_225_001;

export function createTaskIds(): TaskIds {
  /** The latest merged id of each host. */
  const groups = new Map<string, { readonly second: number; readonly id: string; urls: number }>();
  let given = 0;

  const next = (): string => {
    const id = FIRST_ID + given;
    given += 1;
    return String(id);
  };

  return {
    next,
    merged: (host, at) => {
      const second = Math.floor(at / 1_000);
      const latest = groups.get(host);
      const isOpen = latest?.second === second && latest.urls < MOST_URLS_PER_ID;
      const group = isOpen ? latest : { second, id: next(), urls: 0 };
      groups.set(host, group);
      group.urls += 1;
      return group.id;
    },
  };
}
