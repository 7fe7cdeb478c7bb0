/** JSON on an emulator's wire: answers that carry it and bodies that should be it. */

import type { Answer } from "./answer.ts";

export function jsonAnswer(status: number, body: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** `undefined` for text that is not JSON: emulators refuse it as they refuse JSON of the wrong shape. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
