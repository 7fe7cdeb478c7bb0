/** Refuses calls that hand over a credential: the store would keep it, and a vendor or an edge would receive it. */

import type { Breathe } from "../base/breathe.ts";
import { PrefetchError } from "../base/errors.ts";

export interface SecretCheck {
  readonly holdsSecret: (text: string) => boolean;
  readonly breathe: Breathe;
  /** The call itself sifts this argument. */
  readonly sifted?: string | undefined;
}

/** Throws `invalid_argument` that names the place and not the value. */
export async function refuseSecrets(args: unknown, { sifted, ...check }: SecretCheck): Promise<void> {
  if (typeof args !== "object" || args === null) return;
  const checked = Object.entries(args).filter(([name]) => name !== sifted);
  for (const [place, value] of checked.flatMap(placesIn)) if (await hasSecret(value, check)) throw refusal(place);
}

/** For example `urls[17]`; `arguments` for the name itself. */
function placesIn([name, value]: [string, unknown]): [string, unknown][] {
  const values: [string, unknown][] = Array.isArray(value) ? value.map((each, index) => [`${name}[${index}]`, each]) : [[name, value]];
  return [["arguments", name], ...values];
}

function refusal(place: string): PrefetchError {
  return new PrefetchError("invalid_argument", `${place}: holds a credential of this server or of a caller`, {
    hint: "Nothing was done. Remove it and call again; a credential that is in a URL may be known to others, so replace it.",
  });
}

async function hasSecret(value: unknown, { holdsSecret, breathe }: SecretCheck): Promise<boolean> {
  for (const text of textsIn(value)) {
    const pause = breathe();
    if (pause) await pause;
    if (holdsSecret(text)) return true;
  }
  return false;
}

/** Every text and name in the value. Without recursion: a caller may nest values without end. */
function* textsIn(value: unknown): Generator<string> {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string") yield next;
    if (typeof next !== "object" || next === null) continue;
    for (const [name, each] of Object.entries(next)) open.push(...(Array.isArray(next) ? [each] : [name, each]));
  }
}
