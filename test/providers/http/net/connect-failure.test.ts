import { describe, expect, it } from "vitest";
import { connectFailure } from "../../../../src/providers/http/net/connect-failure.ts";

describe("connectFailure", () => {
  it.each([
    ["EPROTO", "write EPROTO 0:error:0A00010B:SSL routines:ssl3_get_record:wrong version number", true],
    ["EPROTO", "write EPROTO 0:error:0A0000C6:SSL routines:tls_get_more_records:packet length too long", true],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "whatever", true],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "whatever", true],
    ["ECONNRESET", "wrong version number", false],
  ])("recognises plain text in %s, %s: %s", (code, text, isPlain) => {
    const error = connectFailure(Object.assign(new Error(text), { code }), "media.example");
    expect(error.message.includes("does not speak TLS there")).toBe(isPlain);
    expect(error.retryable).toBe(!isPlain);
  });
});
