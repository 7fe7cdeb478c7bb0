/** Issues certificates for the sandbox's edge on demand. Node's crypto parses certificates but cannot create them. */

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { BoundedMap } from "./bounded-map.ts";

export interface Authority {
  /** The authority's certificate in PEM, for clients to trust. */
  readonly ca: string;
  contextFor(hostname: string): SecureContext;
}

/** Smaller, the edge signs certificates again and again for many hosts; larger, the cache takes more memory. */
const MOST_CONTEXTS = 1_000;

/** Each authority has a new key, which exists in memory only. */
export function createAuthority(): Authority {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = commonName("cdn-prefetch-mcp sandbox");
  const issue = (subject: Buffer, extension: Buffer) => certificate({ issuer, subject, extension, publicKey, privateKey });
  const contexts = new BoundedMap<string, SecureContext>(MOST_CONTEXTS);
  const key = privateKey.export({ type: "pkcs8", format: "pem" });
  return {
    ca: issue(issuer, authorityExtension),
    contextFor: (hostname) => {
      const known = contexts.get(hostname);
      if (known) return known;
      const context = createSecureContext({ key, cert: issue(commonName("sandbox edge"), alternativeName(hostname)) });
      contexts.set(hostname, context);
      return context;
    },
  };
}

/** A DER value (X.690): tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);
const identifier = (...values: readonly number[]): Buffer => der(0x06, bytes(...values));
const time = (text: string): Buffer => der(0x17, Buffer.from(text, "ascii"));

const commonName = (name: string): Buffer =>
  sequence(der(0x31, sequence(identifier(0x55, 0x04, 0x03), der(0x0c, Buffer.from(name, "utf8")))));

/** ecdsa-with-SHA256. */
const algorithm = sequence(identifier(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const critical = der(0x01, bytes(0xff));
const authorityExtension = sequence(identifier(0x55, 0x1d, 0x13), critical, der(0x04, sequence(der(0x01, bytes(0xff)))));

function alternativeName(hostname: string): Buffer {
  return sequence(identifier(0x55, 0x1d, 0x11), der(0x04, sequence(der(0x82, Buffer.from(hostname, "ascii")))));
}

interface CertificateParts {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly extension: Buffer;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

let serial = 0;

/** X.509 version 3 (RFC 5280, section 4.1). */
function certificate({ issuer, subject, extension, publicKey, privateKey }: CertificateParts): string {
  serial += 1;
  const content = sequence(
    der(0xa0, der(0x02, bytes(2))),
    der(0x02, bytes(1, (serial >> 16) & 0xff, (serial >> 8) & 0xff, serial & 0xff)),
    algorithm,
    issuer,
    sequence(time("200101000000Z"), time("491231235959Z")),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extension)),
  );
  const signature = sign("sha256", content, privateKey);
  const whole = sequence(content, algorithm, der(0x03, bytes(0), signature)).toString("base64");
  const lines = whole.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
