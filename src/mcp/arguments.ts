/** Checks a call's arguments and explains each mistake, so that a model can correct the call at its next attempt. */

import type { z } from "zod";
import { PrefetchError } from "../base/errors.ts";
import { pathInWords } from "./path-in-words.ts";

/** Wrong argument names that models use, each with the advice for it, such as `{ id: "use task_id" }`. */
export type Corrections = Readonly<Record<string, string>>;

/** More mistakes than this lengthen the error without helping to correct the call. */
const MOST_PROBLEMS = 5;
/** Callers choose the names of unknown arguments; an answer must not grow with them. */
const LONGEST_NAME = 100;
const NOTHING_DONE = "Nothing was done. Correct the arguments and call again.";
const UNKNOWN = "no such argument";

/** Throws `invalid_argument` that names every wrong argument. */
export function parseArguments<Schema extends z.ZodObject>(
  tool: string,
  schema: Schema,
  corrections: Corrections,
  args: unknown,
): z.infer<Schema> {
  const given = args ?? {};
  if (typeof given !== "object" || Array.isArray(given)) {
    throw new PrefetchError("invalid_argument", "arguments: must be an object of argument names and values", { hint: NOTHING_DONE });
  }
  const parsed = schema.safeParse(withoutBlanks(schema, given));
  if (parsed.success) return parsed.data;
  const names = Object.keys(schema.shape);
  const problems = parsed.error.issues.slice(0, MOST_PROBLEMS).map((issue) => {
    if (issue.code !== "unrecognized_keys") return `${pathInWords(issue.path) || "arguments"}: ${issue.message}`;
    const keys = issue.keys.slice(0, MOST_PROBLEMS).map((key) => key.slice(0, LONGEST_NAME));
    return keys.map((key) => `${key}: ${tool} has ${UNKNOWN}; ${correctionOf(key, names, corrections)}`).join("; ");
  });
  // A misspelt name comes first, because it explains why another argument is missing.
  problems.sort((a, b) => Number(b.includes(UNKNOWN)) - Number(a.includes(UNKNOWN)));
  throw new PrefetchError("invalid_argument", problems.join("; "), { hint: NOTHING_DONE });
}

/** Some hosts fill in `null` or an empty text for each argument that the model left out. A required one is missing then. */
function withoutBlanks(schema: z.ZodObject, args: object): object {
  const isBlank = (value: unknown) => value === null || (typeof value === "string" && value.trim() === "");
  return Object.fromEntries(Object.entries(args).filter(([name, value]) => !(isBlank(value) && Object.hasOwn(schema.shape, name))));
}

/** The known advice, or the most similar argument (`taskIds` for `task_id`), or all arguments. */
function correctionOf(key: string, names: readonly string[], corrections: Corrections): string {
  const wanted = normalized(key);
  const known = Object.keys(corrections).find((wrong) => normalized(wrong) === wanted);
  if (known !== undefined && corrections[known] !== undefined) return corrections[known];
  const similar =
    names.find((name) => letters(name) === letters(key)) ??
    names.find((name) => normalized(name) === wanted) ??
    names.find((name) => normalized(name).includes(wanted) || wanted.includes(normalized(name)));
  return similar === undefined ? `it takes ${names.join(", ")}` : `use ${similar}`;
}

/** Ignores case, separators and a plural s. */
function normalized(name: string): string {
  return letters(name).replace(/s$/, "");
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}
