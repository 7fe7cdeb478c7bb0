/** Guards and requests for the tests of the address guard, which run on real sockets. */

import { request } from "undici";
import { expect } from "vitest";
import { PrefetchError } from "../../../../src/base/errors.ts";
import { type AddressGuard, type AddressGuardOptions, createAddressGuard } from "../../../../src/providers/http/net/address-guard.ts";
import type { Pop } from "../../../../src/providers/http/net/target-rules.ts";
import { closeAfterwards } from "../network-harness.ts";

export const HERE = "127.0.0.1";

export function guardOf(options: AddressGuardOptions = {}): AddressGuard {
  const guard = createAddressGuard(options);
  closeAfterwards(() => guard.close());
  return guard;
}

/** A lookup with a fixed answer. */
export const resolvesTo =
  (...addresses: string[]) =>
  async () =>
    addresses;

/** Skips `checkUrl`, so that only the connection's own checks apply. */
export async function ask(guard: AddressGuard, url: string | URL, pop?: Pop): Promise<string> {
  const { body } = await request(url, { dispatcher: guard.dispatcher(pop) });
  return body.text();
}

/** The error of `work`, which must not have sent anything. */
export async function failure(work: () => unknown): Promise<PrefetchError> {
  const error = await (async () => work())().then(
    (answer) => new Error(`It was let through: ${answer}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrefetchError)) throw error;
  expect(error.delivery).toBe("not_sent");
  return error;
}

export async function refusal(work: () => unknown): Promise<PrefetchError> {
  const error = await failure(work);
  expect(error).toMatchObject({ code: "forbidden_domain", retryable: false });
  expect(error.hint).toMatch(/\S/);
  return error;
}
