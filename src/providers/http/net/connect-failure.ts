/** Errors for connections that could not be made. Nothing has been sent. */

import { errors } from "undici";
import { PrefetchError } from "../../../base/errors.ts";
import { codeOf } from "../../kit/http-client.ts";

export function noAnswer(host: string, why: string): PrefetchError {
  return new PrefetchError("vendor_unavailable", `The connection to ${host} failed (${why})`, {
    retryable: true,
    hint: "Check that the host exists and is up, and the DNS and firewall of this machine.",
  });
}

export function connectFailure(error: unknown, host: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  const code = codeOf(error);
  if (error instanceof errors.ConnectTimeoutError || code === "ETIMEDOUT") {
    return new PrefetchError("timeout", `Connecting to ${host} took too long`, {
      retryable: true,
      hint: "Check that the host is up, and the network path to it.",
      cause: error,
    });
  }
  const fault = code && certificateFault(code);
  if (fault) {
    return new PrefetchError("vendor_unavailable", `The TLS certificate of ${host} ${fault} (${code})`, {
      hint: "Install a certificate at the CDN that covers this name, or check that the PoP serves it.",
      cause: error,
    });
  }
  if (isPlainText(error, code)) {
    return new PrefetchError("vendor_unavailable", `${host} does not speak TLS there (${code})`, {
      hint: "Check the URL's scheme and port, or the PoP's port.",
      cause: error,
    });
  }
  return noAnswer(host, code ?? "no code");
}

/** OpenSSL's errors when the server answers in plain text, e.g. in HTTP. Node reports some of them as `EPROTO` with the text only. */
function isPlainText(error: unknown, code: string | undefined): boolean {
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") return true;
  return code === "EPROTO" && error instanceof Error && /wrong version number|packet length too long/i.test(error.message);
}

/** OpenSSL's verification errors (https://nodejs.org/api/tls.html#x509-certificate-error-codes), and Node's own. */
function certificateFault(code: string): string | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") return "is for other names";
  if (code === "CERT_HAS_EXPIRED") return "has expired";
  if (/CERT|CRL|ISSUER|INVALID_(CA|PURPOSE)|PATH_LENGTH/.test(code)) return "is not trusted";
  return /^UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_/.test(code) ? "is not trusted" : undefined;
}
