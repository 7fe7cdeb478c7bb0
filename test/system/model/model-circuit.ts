/** The model's circuit breakers: which batch may pass, which must wait, and for how long at most. */

import type { BreakerSignal } from "../../../src/prefetch/model/circuit-breaker.ts";
import { type Account, MINUTE_MS } from "./model-accounts.ts";
import { claimThat, known, type Model, type ModelCircuit } from "./model-state.ts";

const FAILURES = 3;
const LONGEST_MS = 5 * MINUTE_MS;
const SHORTEST_MS = 5_000;
const PROBE_MS = 90_000;

function circuitOf(model: Model, { id }: Account): ModelCircuit {
  return known(model.circuits.get(id), `circuit of ${id}`);
}

/** The clock was wrong and is corrected. The circuit may use or ignore the times that it recorded before. */
export function setClock(model: Model, ms: number): void {
  model.now += ms;
  model.stepped += ms;
  if (ms > 0) return;
  for (const circuit of model.circuits.values()) {
    circuit.shutUntil = 0;
    circuit.probeUntil = 0;
  }
}

/** The account's circuit let a batch pass. */
export function passed(model: Model, account: Account): void {
  const circuit = circuitOf(model, account);
  if (circuit.failures < FAILURES) return;
  claimThat(model.now >= circuit.shutUntil, "while the circuit is open nothing is taken", account.id, circuit, model.now);
  claimThat(model.now >= circuit.probeUntil, "one batch at a time tries whether the vendor is back", account.id, circuit, model.now);
  circuit.probeUntil = model.now + PROBE_MS;
  circuit.openAgain = model.now + PROBE_MS;
  model.seen("circuit: probe");
}

/** The circuit held back a batch that is due. */
export function heldBack(model: Model, account: Account): void {
  const circuit = circuitOf(model, account);
  model.seen("circuit: held back");
  claimThat(circuit.failures >= FAILURES, "nothing is held back before the third failure in a row", account.id, circuit);
  claimThat(model.now < circuit.openAgain, "nothing is held back for more than five minutes", account.id, circuit, model.now);
}

/** Records that the vendor answered. Returns whether other batches may now pass. */
export function noteSignal(model: Model, account: Account, reach: BreakerSignal): boolean {
  const circuit = circuitOf(model, account);
  const probing = model.now < circuit.probeUntil;
  model.seen(`reach ${reach}`);
  if (reach === "answered") {
    const before = circuit.failures;
    if (before >= FAILURES) model.seen("circuit: closed");
    model.circuits.set(account.id, { failures: 0, shutUntil: 0, openAgain: 0, probeUntil: 0 });
    return before > 0;
  }
  // The store does not know whose outcome this is, so any outcome lets the next probe pass.
  circuit.probeUntil = 0;
  if (reach === "unasked") {
    if (probing) circuit.openAgain = model.now;
    return false;
  }
  circuit.failures += 1;
  if (circuit.failures < FAILURES) return false;
  circuit.openAgain = model.now + LONGEST_MS;
  if (circuit.failures === FAILURES || probing) circuit.shutUntil = model.now + SHORTEST_MS;
  if (circuit.failures === FAILURES) model.seen("circuit: opened");
  return false;
}
