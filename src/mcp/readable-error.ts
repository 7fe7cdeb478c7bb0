/** Puts the SDK's validation errors into words. The SDK answers with the list of issues of its validator, as indented JSON. */

import { z } from "zod";
import { pathInWords } from "./path-in-words.ts";

/** Code of JSON-RPC for parameters that cannot be used; the SDK says "internal error" for some of them. */
const INVALID_PARAMS = -32_602;
/** More mistakes lengthen the error without helping to correct the call. */
const MOST_ISSUES = 5;

const issueList = z.array(z.looseObject({ path: z.array(z.union([z.string(), z.number()])), message: z.string() })).min(1);

interface RpcError {
  readonly code: number;
  readonly message: string;
}

/** The error in words. The error itself when its message holds none of the validator's. */
export function readableError<Given extends RpcError>(error: Given): Given {
  const start = error.message.indexOf("[\n");
  const issues = start < 0 ? undefined : issuesIn(error.message.slice(start));
  if (!issues) return { ...error, message: inWords(error.message) };
  const problems = issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => [pathInWords(path), inWords(message)].filter(Boolean).join(": "));
  return { ...error, code: INVALID_PARAMS, message: `Invalid params: ${problems.join("; ")}.` };
}

function inWords(text: string): string {
  return text
    .replace(
      /^Invalid or expired requestState$/,
      "The requestState is not one of this server and this caller. Nothing was sent: call again without it.",
    )
    .replace(/Invalid input: expected (\w+), received undefined/g, (_, type: string) => `is missing; it must be ${typeName(type)}`)
    .replace(/Invalid input: expected (\w+), received \w+/g, (_, type: string) => `must be ${typeName(type)}`)
    .replace(/Invalid input$/, "cannot be used");
}

function typeName(type: string): string {
  if (type === "string") return "a text";
  return /^(object|record)$/.test(type) ? "an object" : `of type ${type}`;
}

function issuesIn(text: string): z.infer<typeof issueList> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return issueList.safeParse(value).data;
}
