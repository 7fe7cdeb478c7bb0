/** Refuses calls that hand over a credential: the store would keep it, and a vendor or an edge would receive it. */

import { PrefetchError } from "../base/errors.ts";

type HoldsSecret = (text: string) => boolean;

/** Throws `invalid_argument` that names the place and not the value. The call itself sifts the argument `sifted`. */
export function refuseSecrets(all: unknown, holdsSecret: HoldsSecret, sifted?: string): void {
  if (typeof all !== "object" || all === null) return;
  const args = Object.fromEntries(Object.entries(all).filter(([name]) => name !== sifted));
  if (!hasSecret(args, holdsSecret)) return;
  throw new PrefetchError("invalid_argument", `${placeIn(args, holdsSecret)}: holds a credential of this server or of a caller`, {
    hint: "Nothing was done. Remove it and call again; a credential that is in a URL may be known to others, so replace it.",
  });
}

/** For example `urls[17]`; `arguments` when a name itself is the credential. */
function placeIn(args: object, holdsSecret: HoldsSecret): string {
  const found = Object.entries(args).find(([name, value]) => !holdsSecret(name) && hasSecret(value, holdsSecret));
  if (!found) return "arguments";
  const [name, value] = found;
  const index = Array.isArray(value) ? value.findIndex((each) => hasSecret(each, holdsSecret)) : -1;
  return index < 0 ? name : `${name}[${index}]`;
}

/** Without recursion: a caller may nest values without end. */
function hasSecret(value: unknown, holdsSecret: HoldsSecret): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string" && holdsSecret(next)) return true;
    if (typeof next !== "object" || next === null) continue;
    for (const [name, each] of Object.entries(next)) open.push(...(Array.isArray(next) ? [each] : [name, each]));
  }
  return false;
}
