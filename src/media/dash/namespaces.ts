/** Resolves prefixes (Namespaces in XML 1.0, section 6). Elements of other vocabularies may have the names of MPD elements. */

export interface Namespaces {
  /** Takes the attributes of an element that begins. Returns `false` when too many prefixes are in force. */
  open(depth: number, attributes: readonly string[]): boolean;
  close(depth: number): void;
  isMpd(qualified: string): boolean;
  /** The attributes that have a meaning in an MPD. Those of other vocabularies get the prefix that the reader knows. */
  attributesOf(attributes: readonly string[]): readonly string[];
}

/** Each declaration copies those in force. A larger value lets a hostile manifest take time; real ones declare about ten. */
const MOST_PREFIXES = 64;

/** The version of the schema has changed since 2011, and manifests without any namespace are common. */
const MPD = /^urn:mpeg:dash:schema:(?:mpd|urlparam):/i;

const foreign: ReadonlyMap<string, string> = new Map([
  ["http://www.w3.org/1999/xlink", "xlink"],
  ["urn:dvb:dash:dash-extensions:2014-1", "dvb"],
]);

interface Scope {
  readonly depth: number;
  readonly uris: ReadonlyMap<string, string>;
}

export function createNamespaces(): Namespaces {
  const scopes: Scope[] = [];
  /** An undeclared prefix stands for itself: manifests that lack a declaration are common. */
  const resolve = (prefix: string): string => scopes.at(-1)?.uris.get(prefix) ?? prefix;
  /** The vocabulary of the root element, whatever it is called. */
  let own: string | undefined;
  return {
    open: (depth, attributes) => {
      const declared = declarationsIn(attributes);
      if (declared.length > 0) {
        const uris = new Map([...(scopes.at(-1)?.uris ?? []), ...declared]);
        if (uris.size > MOST_PREFIXES) return false;
        scopes.push({ depth, uris });
      }
      return true;
    },
    close: (depth) => {
      if (scopes.at(-1)?.depth === depth) scopes.pop();
    },
    isMpd: (qualified) => {
      const uri = resolve(prefixOf(qualified));
      own ??= uri;
      return uri === "" || uri === own || MPD.test(uri);
    },
    attributesOf: (attributes) => {
      if (!attributes.some((name, index) => index % 2 === 0 && name.includes(":"))) return attributes;
      return attributes.flatMap((name, index) => {
        if (index % 2 === 1) return [];
        const value = attributes[index + 1] ?? "";
        const prefix = prefixOf(name);
        if (prefix === "") return [name, value];
        const uri = resolve(prefix);
        return [`${foreign.get(uri) ?? uri}:${name.slice(prefix.length + 1)}`, value];
      });
    },
  };
}

function declarationsIn(attributes: readonly string[]): (readonly [prefix: string, uri: string])[] {
  const found: (readonly [string, string])[] = [];
  for (let index = 0; index < attributes.length; index += 2) {
    const [name = "", uri = ""] = [attributes[index], attributes[index + 1]];
    if (name === "xmlns") found.push(["", uri]);
    else if (name.startsWith("xmlns:")) found.push([name.slice(6), uri]);
  }
  return found;
}

function prefixOf(qualified: string): string {
  const colon = qualified.indexOf(":");
  return colon < 0 ? "" : qualified.slice(0, colon);
}
