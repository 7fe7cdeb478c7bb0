import { describe, expect, it } from "vitest";
import { tlsFailure } from "../../../../src/providers/http/net/tls-failure.ts";

const says = (code: string, text = "whatever") => tlsFailure(Object.assign(new Error(text), { code }), "media.example")?.message;

describe("tlsFailure", () => {
  it.each([
    ["ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL", "speaks HTTP/2 only"],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "offers no TLS version from 1.2 on"],
    ["ERR_SSL_UNSUPPORTED_PROTOCOL", "offers no TLS version from 1.2 on"],
    ["ERR_SSL_TLSV1_UNRECOGNIZED_NAME", "does not serve this name"],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "asks for a client certificate"],
    ["ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE", "refused the TLS handshake"],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "refused the TLS handshake"],
    ["ERR_SSL_DH_KEY_TOO_SMALL", "too weak"],
    ["ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED", "too weak"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "does not speak TLS there"],
    ["CERT_HAS_EXPIRED", "has expired"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "is not trusted"],
  ])("names the fault of %s: %s", (code, words) => {
    expect(says(code)).toContain(words);
  });

  it("reads OpenSSL's text when the code is EPROTO", () => {
    expect(says("EPROTO", "0:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version")).toContain("TLS version");
  });

  it.each(["ECONNREFUSED", "ENOTFOUND", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"])(
    "leaves %s to its caller, because a retry may help",
    (code) => {
      expect(says(code, "tlsv1 alert protocol version")).toBeUndefined();
    },
  );
});
