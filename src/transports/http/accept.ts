/** The media types that a client takes for an answer, and answers for clients that take no event streams. */

export const JSON_TYPE = "application/json";
export const STREAM_TYPE = "text/event-stream";

/** "none": the client does not take JSON, which some answers have in any case. */
export type AcceptedTypes = "both" | "json" | "none";

/** A client without the header takes every type. Source: RFC 9110, section 12.5.1. */
export function acceptedTypes(header: string | undefined): AcceptedTypes {
  if (header === undefined || header.trim() === "") return "both";
  const ranges = header.toLowerCase().split(",").map(rangeOf);
  if (!accepts(ranges, JSON_TYPE)) return "none";
  return accepts(ranges, STREAM_TYPE) ? "both" : "json";
}

interface Range {
  readonly type: string;
  readonly isRefused: boolean;
}

function rangeOf(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  return { type, isRefused: parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter)) };
}

/** The most specific range decides, so that a client can exclude one type. */
function accepts(ranges: readonly Range[], type: string): boolean {
  const names = [type, type.replace(/\/.*/, "/*"), "*/*"];
  const decisive = names.flatMap((name) => ranges.find((range) => range.type === name) ?? [])[0];
  return decisive !== undefined && !decisive.isRefused;
}

export function isEventStream(response: Response): boolean {
  return response.ok && (response.headers.get("content-type")?.startsWith(STREAM_TYPE) ?? false);
}

/** The last message of an event stream, which is the answer to the request, as JSON. Notifications before it are left out. */
export async function jsonOf(stream: Response): Promise<Response> {
  const messages = (await stream.text()).split(/\r?\n\r?\n/).map(dataOf);
  const answer = messages.filter((data) => data !== "").at(-1);
  const headers = new Headers(stream.headers);
  headers.set("content-type", JSON_TYPE);
  return new Response(answer, { status: stream.status, headers });
}

/** The data of one event; empty for a comment that keeps the connection open, and for an event without a message. */
function dataOf(event: string): string {
  const lines = event.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice("data:".length).trim()).join("\n");
}
