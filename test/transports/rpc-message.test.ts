import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRpcMessage } from "../../src/transports/rpc-message.ts";

const call = (more: object = {}) => ({ jsonrpc: "2.0", id: 1, method: "tools/call", ...more });

describe("readRpcMessage", () => {
  it.each([
    ["params: null", { params: null }, undefined],
    ["params: []", { params: [] }, undefined],
    ["arguments: null", { params: { name: "a", arguments: null } }, { name: "a" }],
    ["arguments: []", { params: { name: "a", arguments: [] } }, { name: "a" }],
    ["cursor: null", { params: { cursor: null } }, {}],
    ["_meta: null", { params: { name: "a", _meta: null } }, { name: "a" }],
    ["_meta: []", { params: { name: "a", _meta: [] } }, { name: "a" }],
    ["progressToken: null", { params: { _meta: { progressToken: null, trace: 1 } } }, { _meta: { trace: 1 } }],
    ["a member that JSON-RPC does not know", { params: { name: "a" }, extra: true }, { name: "a" }],
    ["null inside of the arguments, which are the tool's", { params: { arguments: { a: null } } }, { arguments: { a: null } }],
  ])("takes a request with %s", (_, more, params) => {
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", ...(params && { params }) };
    expect(readRpcMessage(call(more))).toEqual({ kind: "message", message });
  });

  it.each([
    ["null", null, null, -32_600, "The message must be an object"],
    ["a number", 7, null, -32_600, "The message must be an object"],
    ["a batch", [call()], null, -32_600, "Batches are not supported"],
    ["an object without members", {}, null, -32_600, 'jsonrpc: must be "2.0"'],
    ["id: null", call({ id: null }), null, -32_600, "id: must be"],
    ["id: {}", call({ id: {} }), null, -32_600, "id: must be"],
    ["id: 1.5", call({ id: 1.5 }), null, -32_600, "id: must be"],
    ["id: true", call({ id: true }), null, -32_600, "id: must be"],
    ["no jsonrpc", call({ jsonrpc: undefined }), 1, -32_600, 'jsonrpc: must be "2.0"'],
    ["jsonrpc 1.0", call({ jsonrpc: "1.0" }), 1, -32_600, 'jsonrpc: must be "2.0"'],
    ["jsonrpc as a number", call({ jsonrpc: 2 }), 1, -32_600, 'jsonrpc: must be "2.0"'],
    ["no method", call({ method: undefined }), 1, -32_600, "method: is missing"],
    ["a method that is a number", call({ method: 7 }), 1, -32_600, "method: must be a text"],
    ["params that are a text", call({ params: "a" }), 1, -32_602, "params: must be an object"],
    ["params that are a list", call({ params: [1] }), 1, -32_602, "params: must be an object"],
    ["_meta that is a text", call({ params: { _meta: "a" } }), 1, -32_602, "params._meta: must be an object"],
    ["a progressToken that is an object", call({ params: { _meta: { progressToken: {} } } }), 1, -32_602, "progressToken: must be"],
  ])("refuses %s", (_, value, id, code, text) => {
    expect(readRpcMessage(value)).toMatchObject({ kind: "refused", refusal: { id, code, message: expect.stringContaining(text) } });
  });

  it.each([
    ["a notification of another version", { jsonrpc: "1.0", method: "notifications/initialized" }],
    ["a notification with a list", { jsonrpc: "2.0", method: "notifications/initialized", params: [1] }],
    ["a response without an id", { jsonrpc: "2.0", result: {} }],
    ["a response of another version", { jsonrpc: "1.0", id: 1, result: {} }],
  ])("drops %s, because JSON-RPC answers none", (_, value) => {
    expect(readRpcMessage(value)).toMatchObject({ kind: "dropped" });
  });

  it("gives each request a message or an error with its id, whatever it holds", () => {
    const id = fc.oneof(fc.integer(), fc.string());
    const member = fc.constantFrom("jsonrpc", "method", "params", "_meta", "extra");
    const members = fc.dictionary(member, fc.oneof(fc.constant("2.0"), fc.jsonValue()));
    fc.assert(
      fc.property(id, members, (given, more) => {
        const reading = readRpcMessage({ method: "tools/list", ...more, id: given });
        const answered = reading.kind === "message" ? "id" in reading.message && reading.message.id : undefined;
        expect(reading.kind === "refused" ? reading.refusal.id : answered).toBe(given);
      }),
    );
  });

  it("reads any JSON value without an exception", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(["message", "refused", "dropped"]).toContain(readRpcMessage(value).kind);
      }),
    );
  });
});
