/** Refuses calls that hand over a credential: the store would keep it, and a vendor or an edge would receive it. */

import { PrefetchError } from "../base/errors.ts";

/** Throws `invalid_argument` that names the place and not the value. */
export function refuseSecrets(args: unknown, holdsSecret: (text: string) => boolean): void {
  if (typeof args !== "object" || args === null || !holdsSecret(JSON.stringify(args))) return;
  const place = placeIn(args, holdsSecret);
  throw new PrefetchError("invalid_argument", `${place ?? "arguments"}: holds a credential of this server or of a caller`, {
    hint: "Nothing was done. Remove it and call again; a credential that is in a URL may be known to others, so replace it.",
  });
}

/** For example `urls[17]`; `undefined` when the name itself is the credential. */
function placeIn(args: object, holdsSecret: (text: string) => boolean): string | undefined {
  const holds = (value: unknown) => holdsSecret(JSON.stringify(value) ?? "");
  const found = Object.entries(args).find(([name, value]) => !holdsSecret(name) && holds(value));
  if (!found) return undefined;
  const [name, value] = found;
  const index = Array.isArray(value) ? value.findIndex(holds) : -1;
  return index < 0 ? name : `${name}[${index}]`;
}
