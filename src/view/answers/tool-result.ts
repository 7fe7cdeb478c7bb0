/** The result of a tool call, from the host or of a call of the view. */

import { type Fields, fieldsOf, isFields, textOf } from "./read.ts";

export interface ToolResult {
  readonly isError: boolean;
  /** All text blocks. */
  readonly text: string;
  readonly fields: Fields;
}

export function toolResult(value: unknown): ToolResult {
  const { isError, content, structuredContent } = fieldsOf(value);
  const blocks = Array.isArray(content) ? content.map(fieldsOf) : [];
  const text = blocks.flatMap((block) => textOf(block.text) ?? []).join("\n");
  return { isError: isError === true, text, fields: isFields(structuredContent) ? structuredContent : fieldsIn(text) };
}

/** Some hosts hand over the text alone: a paragraph, then the fields without their sentences as JSON. */
function fieldsIn(text: string): Fields {
  const end = text.lastIndexOf("\n\n");
  if (end < 0) return {};
  try {
    return { next_step: text.slice(0, end), ...fieldsOf(JSON.parse(text.slice(end))) };
  } catch {
    // The text of an error, or of another server, has no JSON.
    return {};
  }
}
