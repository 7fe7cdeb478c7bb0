/** The tests that each vendor's request signature passes: known answers, and agreement with the vendor's own signer. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs } from "../fakes/runs.ts";

export interface SignableRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request whose `Authorization` header is known. */
export interface KnownSignature<Request extends SignableRequest> {
  readonly name: string;
  readonly request: Request;
  readonly authorization: string;
}

export interface SignerSubject<Request extends SignableRequest> {
  /** Name of the signature scheme, such as `SDK-HMAC-SHA256`. */
  readonly scheme: string;
  readonly known: readonly KnownSignature<Request>[];
  /** Headers that the signature does not cover. Empty when it covers all of them. */
  readonly unsignedHeaders: Readonly<Record<string, string>>;
  /** The `Authorization` header by our signer. */
  readonly ours: (request: Request) => string;
  /** The same by the vendor's own signer. */
  readonly official: (request: Request) => string;
  /** Requests that both signers accept. */
  readonly anyRequest: fc.Arbitrary<Request>;
  readonly date: {
    /** Writes the signed date. `now` is in milliseconds since the epoch. */
    readonly write: (now: number) => string;
    /** 2026-11-21T08:00:00.999Z in the vendor's form. */
    readonly example: string;
  };
}

export function signerContract<Request extends SignableRequest>(subject: SignerSubject<Request>): void {
  const { scheme, known, unsignedHeaders, ours, official, anyRequest, date } = subject;

  describe(`${scheme} keeps the signer contract`, () => {
    it.each(known)("signs the known request $name", ({ request, authorization }) => {
      expect(ours(request)).toBe(authorization);
    });

    it.each(known)("ignores the case of the method, and order, case and blanks of headers: $name", ({ request, authorization }) => {
      const headers = Object.entries({ ...request.headers, ...unsignedHeaders })
        .reverse()
        .map(([name, value]) => [name.toUpperCase(), `  ${value} `]);
      expect(ours({ ...request, method: request.method.toLowerCase(), headers: Object.fromEntries(headers) })).toBe(authorization);
    });

    it.each(known)("agrees with the official signer on the known request $name", ({ request, authorization }) => {
      expect(official(request)).toBe(authorization);
    });

    it("agrees with the official signer on any request", () => {
      const property = fc.property(anyRequest, (request) => {
        expect(ours(request)).toBe(official(request));
      });
      fc.assert(property, { numRuns: runs(150) });
    });

    it("writes the date in the vendor's form", () => {
      expect(date.write(Date.parse("2026-11-21T08:00:00.999Z"))).toBe(date.example);
    });
  });
}
