/** Why a connection was refused or could not be made. Nothing has been sent in any of these cases. */

import { errors } from "undici";
import { PrefetchError } from "../../../base/errors.ts";
import { codeOf } from "../../kit/http-client.ts";

export const LISTED_ONLY = "Use a host that is listed, or have this one listed.";
export const PUBLIC_ONLY = "Only public addresses are connected to. Check the host, or its DNS record if it is yours.";

/** What the guard does not let through; asking again changes nothing. */
export function refuse(message: string, hint: string): PrefetchError {
  return new PrefetchError("forbidden_domain", message, { hint });
}

export function noAnswer(host: string, why: string): PrefetchError {
  return new PrefetchError("vendor_unavailable", `The connection to ${host} failed (${why})`, {
    retryable: true,
    hint: "Check that the host exists and is up, and the DNS and firewall of this machine.",
  });
}

export function describeFailure(error: unknown, host: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  const code = codeOf(error);
  if (error instanceof errors.ConnectTimeoutError || code === "ETIMEDOUT") {
    return new PrefetchError("timeout", `${host} could not be connected to in time`, {
      retryable: true,
      hint: "Check that the host is up, and the network path to it.",
      cause: error,
    });
  }
  const fault = code && faultOfCertificate(code);
  if (fault) {
    return new PrefetchError("vendor_unavailable", `The TLS certificate that ${host} showed ${fault} (${code})`, {
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

/** What OpenSSL makes of an answer that is no TLS, such as one of plain HTTP; where it has no code of its own for it, by its text. */
function isPlainText(error: unknown, code: string | undefined): boolean {
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") return true;
  return code === "EPROTO" && error instanceof Error && /wrong version number|packet length too long/i.test(error.message);
}

/** The names of OpenSSL's verification errors (https://nodejs.org/api/tls.html#x509-certificate-error-codes) and Node's own. */
function faultOfCertificate(code: string): string | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") return "is for other names";
  if (code === "CERT_HAS_EXPIRED") return "has expired";
  if (/CERT|CRL|ISSUER|INVALID_(CA|PURPOSE)|PATH_LENGTH/.test(code)) return "is not trusted";
  return /^UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_/.test(code) ? "is not trusted" : undefined;
}
