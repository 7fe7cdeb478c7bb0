/** Errors of TLS: what the server's certificate or its side of the handshake is, and who must change it. */

import { PrefetchError } from "../../../base/errors.ts";
import { codeOf } from "../../kit/http-client.ts";

interface Fault {
  /** Matches OpenSSL's reason in lower case with blanks, such as `tlsv1 alert protocol version`. */
  readonly reason: RegExp;
  /** Follows the host's name. */
  readonly says: string;
  readonly hint: string;
}

/** OpenSSL names alerts after RFC 8446, section 6. Node gives the reason in `code`, or with the code `EPROTO` in the text only. */
const faults: readonly Fault[] = [
  {
    reason: /wrong version number|packet length too long/,
    says: "does not speak TLS there",
    hint: "Check the URL's scheme and port, or the PoP's port.",
  },
  {
    reason: /no application protocol/,
    says: "speaks HTTP/2 only, and this server speaks HTTP/1.1",
    hint: "Turn on HTTP/1.1 beside HTTP/2 at the CDN or the origin.",
  },
  {
    reason: /alert protocol version|unsupported protocol|version too low/,
    says: "offers no TLS version from 1.2 on",
    hint: "Turn on TLS 1.2 or 1.3 at the CDN or the origin; this server uses no older version.",
  },
  {
    reason: /unrecognized name/,
    says: "does not serve this name over TLS",
    hint: "Check that the CDN, or the PoP, has a certificate for the name.",
  },
  {
    reason: /certificate required|alert bad certificate/,
    says: "asks for a client certificate, which this server does not have",
    hint: "Let the CDN serve the path without client certificates.",
  },
  {
    reason: /handshake failure/,
    says: "refused the TLS handshake",
    hint: "Check that the server shares a cipher with modern clients, has a certificate for the name, and asks for no client certificate.",
  },
  {
    reason: /key too small|md too weak|legacy renegotiation|bad signature|wrong signature type/,
    says: "uses TLS cryptography that is too weak",
    hint: "Renew the certificate and the TLS settings at the CDN or the origin.",
  },
];

/** The error for a fault that a retry does not change; `undefined` for any other error. */
export function tlsFailure(error: unknown, host: string): PrefetchError | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  const certificate = certificateFault(code);
  if (certificate !== undefined) {
    return new PrefetchError("vendor_unavailable", `The TLS certificate of ${host} ${certificate} (${code})`, {
      hint: "Install a certificate at the CDN that covers this name, or check that the PoP serves it.",
      cause: error,
    });
  }
  const fault = faults.find(({ reason }) => reason.test(reasonOf(code, error)));
  return fault && new PrefetchError("vendor_unavailable", `${host} ${fault.says} (${code})`, { hint: fault.hint, cause: error });
}

function reasonOf(code: string, error: unknown): string {
  const text = code === "EPROTO" && error instanceof Error ? error.message : /^ERR_SSL_/.test(code) ? code : "";
  return text.toLowerCase().replaceAll(/[_/]/g, " ");
}

/** OpenSSL's verification errors (https://nodejs.org/api/tls.html#x509-certificate-error-codes), and Node's own. */
function certificateFault(code: string): string | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") return "is for other names";
  if (code === "CERT_HAS_EXPIRED") return "has expired";
  if (/^ERR_SSL_/.test(code)) return undefined;
  if (/CERT|CRL|ISSUER|INVALID_(CA|PURPOSE)|PATH_LENGTH/.test(code)) return "is not trusted";
  return /^UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_/.test(code) ? "is not trusted" : undefined;
}
