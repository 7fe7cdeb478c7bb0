import { describe, expect, it } from "vitest";
import { acceptedTypes, jsonOf } from "../../../src/transports/http/accept.ts";

describe("acceptedTypes", () => {
  it.each([
    [undefined, "both"],
    ["", "both"],
    ["*/*", "both"],
    ["application/json, text/event-stream", "both"],
    ["Text/Event-Stream;q=0.5 , Application/JSON", "both"],
    ["application/json, text/*", "both"],
    ["application/json", "json"],
    ["application/*", "json"],
    ["application/json;charset=utf-8", "json"],
    ["*/*, text/event-stream;q=0", "json"],
    ["*/*;q=0.1, text/event-stream; q=0.000", "json"],
    ["text/event-stream", "none"],
    ["text/html", "none"],
    ["application/jsonp", "none"],
    ["application/json;q=0", "none"],
    ["*/*;q=0", "none"],
    ["application/json;q=0, */*", "none"],
  ])("reads %j as %s", (header, expected) => {
    expect(acceptedTypes(header)).toBe(expected);
  });
});

describe("jsonOf", () => {
  it.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
  ])("takes the answer from a stream with progress and comments before it (%s)", async (_, end) => {
    const events = [
      ": keep-alive",
      'event: message\ndata: {"method":"notifications/progress"}',
      'event: message\nid: 2\ndata: {"id":1}',
      "",
    ];
    const stream = new Response(events.join("\n\n").replaceAll("\n", end), { headers: { "content-type": "text/event-stream" } });
    const answer = await jsonOf(stream);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toEqual({ id: 1 });
  });
});
