/** The system under the model: stores, processes with the real sender, and vendors that answer on command. */

import type { Clock } from "../../../src/base/clock.ts";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createSender, type Outcome, type SenderSignals } from "../../../src/prefetch/delivery/send-batch.ts";
import type { Provider, Reconciliation, Submission } from "../../../src/prefetch/model/provider.ts";
import type { Claim, Storage } from "../../../src/prefetch/model/storage.ts";
import { vendorDay } from "../../../src/prefetch/model/vendor-day.ts";
import { fakeProvider } from "../../fakes/provider.ts";
import { type Account, accounts, limitsOf } from "./model-accounts.ts";
import { type Hand, known } from "./model-state.ts";

/** The next event at the place where a flight waits. */
export type Order =
  | { readonly kind: "go" }
  | { readonly kind: "again" }
  | { readonly kind: "answer"; readonly submission: Submission }
  | { readonly kind: "trace"; readonly trace: Reconciliation }
  | { readonly kind: "throw"; readonly error: unknown };

/** A sender with one claim. It stops wherever it waits for time or for a vendor. */
export interface Flight {
  /** The place where it waits. */
  readonly stage: "turn" | "wire" | "trace" | "done";
  /** Goes on with the event, to the next place where it waits. */
  tell(order: Order): Promise<void>;
  /** Goes on without an event, as when its process stops. */
  moved(): Promise<void>;
  outcome(): Outcome;
}

export interface WorldOptions {
  readonly clock: Clock;
  readonly storages: readonly Storage[];
  /** The remaining units that a counting vendor reports. */
  readonly leftAt: (account: Account) => number;
  /** Suspends the machine. */
  readonly suspend: (ms: number) => void;
}

/** An obstacle at the moment at which a process begins to send. */
export interface Obstacle {
  /** The machine is suspended for this long at that moment. */
  readonly sleepMs: number;
  /** The store fails before it has written anything, or after it has written and before it reports the result. */
  readonly fault?: "before" | "after" | undefined;
}

const broken = new PrefetchError("internal", "The store cannot be used");

export interface World {
  readonly providers: ReadonlyMap<string, Provider>;
  storage(process: number): Storage;
  /** Gives a claim to a process's sender. Without credentials the sender never reaches the vendor's submit. */
  launch(hand: Hand, work: Claim, login: PrefetchError | undefined): Promise<Flight>;
  flight(hand: Hand): Flight;
  /** Forgets the flight. */
  drop(hand: Hand): void;
  /** Sets the obstacle for the process's next submit. */
  hinder(process: number, obstacle: Obstacle): void;
  /** Stops a process gracefully and replaces it. */
  stop(process: number): void;
  /** Kills a process and replaces it. */
  kill(process: number): void;
  close(): Promise<void>;
}

interface Process {
  readonly send: (provider: Provider, work: Claim) => Promise<Outcome>;
  readonly sending: AbortController;
  readonly stopping: AbortController;
  /** Makes a provider's flight wait for its turn. */
  readonly turns: WeakMap<Provider, (signal: AbortSignal) => Promise<void>>;
}

export function createWorld({ clock, storages, leftAt, suspend }: WorldOptions): World {
  const providers = new Map(
    accounts.map((account): [string, Provider] => [
      account.id,
      fakeProvider({ id: account.id, account: account.id, limits: limitsOf(account) }),
    ]),
  );
  const accountOf = ({ id }: Provider): Account =>
    known(
      accounts.find((account) => account.id === id),
      `account ${id}`,
    );
  const storage = (process: number): Storage => known(storages[process % storages.length], "storage");
  const flights = new Map<number, Flight>();
  const obstacles = new Map<number, Obstacle>();

  const start = (number: number): Process => {
    const own = storage(number);
    const [sending, stopping] = [new AbortController(), new AbortController()];
    const turns: Process["turns"] = new WeakMap();
    const signals: SenderSignals = { sending: sending.signal, stopping: stopping.signal };
    const send = createSender(
      {
        storage: {
          ...own,
          startSending: async (...request) => {
            const { sleepMs, fault } = obstacles.get(number) ?? { sleepMs: 0 };
            obstacles.delete(number);
            if (fault === "before") throw broken;
            const result = await own.startSending(...request);
            if (fault === "after") throw broken;
            suspend(sleepMs);
            return result;
          },
        },
        clock,
        limiter: (provider, signal) => known(turns.get(provider), "turn")(signal),
        random: () => 0.5,
        hostRefused: async () => undefined,
        allowances: {
          of: async (provider) => {
            const account = accountOf(provider);
            const { limit } = account;
            if (!account.counts) return { limit, ceiling: limit, source: "ledger" };
            const { used, pending } = await own.ledger(account.id, vendorDay(clock.now(), account.timeZone));
            return { limit, ceiling: used - pending + leftAt(account), source: "vendor" };
          },
          note: async () => undefined,
          forget: async () => undefined,
          tenantBudget: undefined,
          wholeDay: (provider) => accountOf(provider).limit,
        },
        report: () => undefined,
      },
      signals,
    );
    return { send, sending, stopping, turns };
  };
  const processes = new Map<number, Process>();
  const process = (number: number): Process => {
    const found = processes.get(number) ?? start(number);
    processes.set(number, found);
    return found;
  };

  const launch: World["launch"] = async (hand, work, login) => {
    const { send, turns } = process(hand.process);
    let stage: Flight["stage"] = "turn";
    let arrived = Promise.withResolvers<void>();
    let gate = Promise.withResolvers<Order>();
    let result: Outcome | undefined;

    const wait = (at: Flight["stage"], signal: AbortSignal): Promise<Order> => {
      gate = Promise.withResolvers();
      const { promise, reject } = gate;
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      stage = at;
      arrived.resolve();
      return promise;
    };
    const unfit = (order: Order): Error => new Error(`"${order.kind}" makes no sense here.`);

    const submit: Provider["submit"] = async (_content, { turn, signal }) => {
      if (login) throw login;
      await turn();
      for (;;) {
        const order = await wait("wire", signal);
        if (order.kind === "again") await turn();
        else if (order.kind === "answer") return order.submission;
        else throw order.kind === "throw" ? order.error : unfit(order);
      }
    };
    const findSubmitted: NonNullable<Provider["findSubmitted"]> = async (_content, _sentAt, { signal }) => {
      const order = await wait("trace", signal);
      if (order.kind === "trace") return order.trace;
      throw order.kind === "throw" ? order.error : unfit(order);
    };
    const { account } = hand.batch;
    const provider = { ...known(providers.get(account.id), "provider"), submit, ...(account.traceable && { findSubmitted }) };
    turns.set(provider, async (signal) => {
      await wait("turn", signal);
    });
    const done = send(provider, work).then((outcome) => {
      result = outcome;
      stage = "done";
      arrived.resolve();
    });
    // A sender that throws is a bug, so the flight's waiter gets the error.
    done.catch((error: unknown) => arrived.reject(error));
    await arrived.promise;

    const flight: Flight = {
      get stage() {
        return stage;
      },
      tell: (order) => {
        arrived = Promise.withResolvers();
        gate.resolve(order);
        return arrived.promise;
      },
      moved: () => {
        arrived = Promise.withResolvers();
        return arrived.promise;
      },
      outcome: () => known(result, "outcome yet"),
    };
    flights.set(hand.id, flight);
    return flight;
  };

  return {
    providers,
    storage,
    launch,
    flight: (hand) => known(flights.get(hand.id), "flight"),
    drop: (hand) => flights.delete(hand.id),
    hinder: (number, obstacle) => obstacles.set(number, obstacle),
    stop: (number) => {
      const { sending, stopping } = process(number);
      processes.delete(number);
      stopping.abort();
      sending.abort(new PrefetchError("cancelled", "The server stopped before the vendor answered", { delivery: "unknown" }));
    },
    kill: (number) => {
      processes.delete(number);
    },
    close: async () => {
      for (const each of storages) await each.close();
    },
  };
}
