/** The commands of the model test, with their preconditions and weights. */

import fc from "fast-check";
import { type ErrorCode, type ErrorFacts, PrefetchError } from "../../../src/base/errors.ts";
import { quotaPolicies } from "../../../src/prefetch/model/quota.ts";
import { accountNamed, accounts, counting, DAY_MS, dayOf, HOUR_MS, MINUTE_MS, midnight } from "./model-accounts.ts";
import { admitWish } from "./model-admission.ts";
import { compare } from "./model-checks.ts";
import { noteSignal, setClock } from "./model-circuit.ts";
import { cancelTask, dueBatch, forget } from "./model-rules.ts";
import { batchesOf, claimSame, type Hand, known, type Look, type Model } from "./model-state.ts";
import {
  accept,
  askAgain,
  beat,
  claim,
  die,
  endure,
  fallSilent,
  go,
  handsOf,
  look,
  loseAnswer,
  mayBeAccepted,
  mayBeRefused,
  refuse,
  report,
  type Search,
  search,
  setElsewhere,
  stop,
} from "./model-steps.ts";
import type { Obstacle, World } from "./model-world.ts";

export type ModelCommand = fc.AsyncCommand<Model, World>;

interface Doing {
  readonly ready?: (model: Model) => boolean;
  /** Describes the effect, where the drawn values do not show it. */
  readonly act: (model: Model, world: World) => Promise<unknown>;
}

/** Commands of one kind, each with its drawn values. */
function kind<Drawn>(name: string, drawn: fc.Arbitrary<Drawn>, doing: (drawn: Drawn) => Doing): fc.Arbitrary<ModelCommand> {
  return drawn.map((values) => {
    const { ready, act } = doing(values);
    let told: string | undefined;
    return {
      check: (model) => ready?.(model) ?? true,
      run: async (model, world) => {
        model.seen(`command: ${name}`);
        const result = await act(model, world);
        if (typeof result === "string") told = result;
        await compare(model, world);
      },
      toString: () => told ?? `${name} ${JSON.stringify(values)}`,
    };
  });
}

const nth = fc.nat({ max: 11 });
const process = fc.nat({ max: 2 });
const account = fc.constantFrom(...accounts.map(({ id }) => id));
const bits = fc.nat({ max: 15 });
const seldom = fc.nat({ max: 9 }).map((drawn) => drawn === 9);
const often = fc.nat({ max: 9 }).map((drawn) => drawn < 8);

function nthOf<Each>(list: readonly Each[], drawn: number): Each {
  return known(list[drawn % list.length], "one to choose");
}

/** The entries for which the condition holds, or all entries if it holds for none. */
function rather<Each>(list: readonly Each[], isWanted: (each: Each) => boolean): readonly Each[] {
  const wanted = list.filter(isWanted);
  return wanted.length > 0 ? wanted : list;
}

interface Trouble {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
}

function errorOf({ code, facts }: Trouble): PrefetchError {
  return new PrefetchError(code, "It went wrong", facts);
}

const dry: Trouble = { code: "quota_exhausted", facts: { delivery: "refused" } };
const down: Trouble = { code: "vendor_unavailable", facts: { retryable: true, delivery: "refused" } };
const unreached: Trouble = { code: "timeout", facts: { retryable: true, delivery: "not_sent" } };
const refusals: readonly Trouble[] = [
  down,
  unreached,
  { code: "rate_limited", facts: { retryable: true, delivery: "refused" } },
  { code: "rate_limited", facts: { retryable: true, delivery: "refused", retryAfterMs: 90_000 } },
  { code: "queue_full", facts: { retryable: true, delivery: "refused", retryAfterMs: 2 * HOUR_MS } },
  { code: "invalid_argument", facts: { delivery: "refused", divisible: true } },
  { code: "invalid_argument", facts: { delivery: "refused", divisible: true } },
  { code: "forbidden_domain", facts: { delivery: "refused", divisible: true } },
  { code: "auth_failed", facts: { delivery: "refused" } },
  dry,
];
const logins: readonly Trouble[] = [
  { code: "auth_failed", facts: {} },
  { code: "vendor_unavailable", facts: { retryable: true } },
];
const unheard: readonly Trouble[] = [
  { code: "timeout", facts: { retryable: true, delivery: "unknown" } },
  { code: "vendor_unavailable", facts: { retryable: true, delivery: "unknown" } },
];
const unreadable: readonly Trouble[] = [
  { code: "vendor_unavailable", facts: { retryable: true } },
  { code: "rate_limited", facts: { retryable: true, delivery: "refused", retryAfterMs: 5_000 } },
  { code: "auth_failed", facts: { delivery: "refused" } },
];

/** An obstacle at the moment at which a process begins to send. Usually there is none. */
const turnDeed = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ sleepMs: 0 }) },
  { weight: 1, arbitrary: fc.record({ sleepMs: fc.constantFrom(20_000, 31_000, 100_000, 400_000) }) },
  { weight: 1, arbitrary: fc.record({ sleepMs: fc.constant(0), fault: fc.constantFrom("before" as const, "after" as const) }) },
);

const acceptance = fc.record({ do: fc.constant("accept" as const), refusedBits: fc.oneof(fc.constant(0), bits), ids: often });
const refusing = fc.record({ do: fc.constant("refuse" as const), trouble: fc.constantFrom(...refusals) });
const losing = fc.record({
  do: fc.constant("lose the answer" as const),
  trouble: fc.option(fc.constantFrom(...unheard), { freq: 6 }),
  carried: fc.oneof(fc.constantFrom("all" as const, "open" as const), fc.constant(0), bits),
});
const wireDeed = fc.oneof(
  { weight: 7, arbitrary: acceptance },
  { weight: 7, arbitrary: refusing },
  { weight: 6, arbitrary: losing },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("ask again" as const) }) },
);
type WireDeed = typeof wireDeed extends fc.Arbitrary<infer Deed> ? Deed : never;

const traceDeed = fc.record({
  how: fc.constantFrom("truth" as const, "truth" as const, "partly" as const, "unclear" as const, "unreadable" as const),
  bits: fc.oneof(fc.constant("all" as const), fc.constant(0), bits),
  ids: often,
  trouble: fc.constantFrom(...unreadable),
});

/** The answers that the vendor can still give to this request. It never contradicts an earlier answer. */
function possible(model: Model, hand: Hand, deed: WireDeed): WireDeed {
  const unheardOf: WireDeed = { do: "lose the answer", trouble: null, carried: "open" };
  if (deed.do === "lose the answer") return deed;
  const mood = model.moods.get(hand.batch.account.id) ?? "well";
  if (deed.do === "accept" && mood === "well") return mayBeAccepted(hand) ? deed : unheardOf;
  if (!mayBeRefused(hand)) return unheardOf;
  return mood === "well" ? deed : { do: "refuse", trouble: mood === "down" ? down : dry };
}

async function doOnWire(model: Model, world: World, hand: Hand, deed: WireDeed, dies: boolean): Promise<void> {
  if (deed.do === "accept") await accept(model, world, hand, { ...deed, dies });
  else if (deed.do === "refuse") await refuse(model, world, hand, errorOf(deed.trouble), dies);
  else if (deed.do === "ask again") await askAgain(model, world, hand);
  else {
    const error = deed.trouble ? errorOf(deed.trouble) : new TypeError("Nobody foresaw this");
    await loseAnswer(model, world, hand, error, deed.carried, dies);
  }
}

interface Deeds {
  readonly turn: Obstacle;
  readonly wire: WireDeed;
  readonly trace: { readonly how: Search["how"]; readonly bits: Search["bits"]; readonly ids: boolean; readonly trouble: Trouble };
  readonly dies: boolean;
}

/** Takes a hand's work one step further. */
async function work(model: Model, world: World, hand: Hand, { turn, wire, trace, dies }: Deeds): Promise<string> {
  const whose = `hand ${hand.id} (${hand.batch.task.id}, batch ${hand.batch.number}, process ${hand.process})`;
  if (hand.stage === "turn") {
    await go(model, world, hand, turn);
    return `go ${whose} ${JSON.stringify(turn)}`;
  }
  if (hand.stage === "wire") {
    const deed = possible(model, hand, wire);
    await doOnWire(model, world, hand, deed, dies);
    return `answer ${whose} ${JSON.stringify({ ...deed, dies })}`;
  }
  const { trouble, ...drawn } = trace;
  const isDown = model.moods.get(hand.batch.account.id) === "down";
  const deed: Search = { ...drawn, how: isDown ? "unreadable" : drawn.how, error: errorOf(trouble), dies };
  await search(model, world, hand, deed);
  return `search ${whose} ${JSON.stringify({ ...deed, error: trouble })}`;
}

const word = fc.constantFrom("nothing" as const, "processing" as const, "succeeded" as const, "failed" as const);
const words = fc.array(word, { minLength: 1, maxLength: 4 });

const age = fc.oneof(
  fc.record({ kind: fc.constant("that of a task" as const), nth }),
  fc.record({ kind: fc.constant("so long" as const), ms: fc.constantFrom(HOUR_MS, DAY_MS, 30 * DAY_MS) }),
);

const stretch = fc.record({
  host: fc.constantFrom(...accounts.flatMap(({ hosts }) => hosts)),
  first: fc.nat({ max: 8 }),
  count: fc.integer({ min: 1, max: 5 }),
});
const list = fc
  .tuple(fc.array(stretch, { minLength: 1, maxLength: 2 }), seldom)
  .map(([stretches, broken]) => [
    ...stretches.flatMap(({ host, first, count }) => Array.from({ length: count }, (_, index) => `https://${host}/${first + index}.mp4`)),
    ...(broken ? ["ftp://a.example/1"] : []),
  ]);
const wish = {
  process,
  via: fc.constantFrom(undefined, undefined, undefined, undefined, ...accounts.map(({ id }) => id)),
  policy: fc.constantFrom(...quotaPolicies, "defer" as const),
  force: seldom,
  laterDays: fc.constantFrom(1, 2, 4),
};

const aroundMidnight = fc.oneof(fc.integer({ min: -MINUTE_MS, max: -1 }), fc.integer({ min: 0, max: 15 * MINUTE_MS }));
const waits = fc.oneof(
  { weight: 7, arbitrary: fc.integer({ min: 1, max: 60_000 }) },
  { weight: 4, arbitrary: fc.integer({ min: 60_000, max: 400_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 400_000, max: 7 * HOUR_MS }) },
  { weight: 1, arbitrary: fc.integer({ min: DAY_MS, max: 9 * DAY_MS }) },
);

const weighted: readonly (readonly [number, fc.Arbitrary<ModelCommand>])[] = [
  [14, kind("admit", fc.record({ ...wish, urls: list }), (drawn) => ({ act: (model, world) => admitWish(model, world, drawn) }))],
  [
    1,
    kind("admit asset", fc.record({ ...wish, id: fc.nat({ max: 3 }), cost: fc.integer({ min: 1, max: 4 }) }), ({ id, cost, ...drawn }) => ({
      act: (model, world) => admitWish(model, world, { ...drawn, urls: [], asset: { id: `asset${id}`, cost } }),
    })),
  ],
  [
    8,
    kind("wait", waits, (ms) => ({
      act: async (model) => {
        model.now += ms;
      },
    })),
  ],
  [
    4,
    kind("wait for midnight", fc.record({ account, after: aroundMidnight }), (drawn) => ({
      act: async (model) => {
        model.now = Math.max(model.now + 1, midnight(accountNamed(drawn.account), model.now, 1) + drawn.after);
      },
    })),
  ],
  [
    1,
    kind(
      "set the clock back",
      fc.oneof(fc.integer({ min: 1, max: 2 * HOUR_MS }), fc.integer({ min: HOUR_MS, max: 20 * DAY_MS })),
      (ms) => ({
        ready: (model) => accounts.every((each) => dayOf(each, model.now - ms) > model.ledgerFrom),
        act: async (model) => setClock(model, -ms),
      }),
    ),
  ],
  [
    2,
    kind("set the clock forward", fc.constantFrom(5_000, 200_000, HOUR_MS, 26 * HOUR_MS), (ms) => ({
      act: async (model) => setClock(model, ms),
    })),
  ],
  [
    14,
    kind("fall silent", process, (who) => ({
      ready: (model) => handsOf(model, who).length > 0,
      act: async (model) => fallSilent(model, who),
    })),
  ],
  [2, kind("beat", process, (who) => ({ act: (model, world) => beat(model, world, who) }))],
  [
    24,
    kind(
      "claim",
      fc.record({ process, nth, lanes: fc.integer({ min: 1, max: 4 }), login: fc.constantFrom(...logins), fails: seldom }),
      (drawn) => ({
        ready: (model) => model.tasks.size > 0,
        act: async (model, world) => {
          const needy = nthOf(
            rather(accounts, (each) => dueBatch(model, each, drawn.process) !== undefined),
            drawn.nth,
          );
          const login = drawn.fails ? errorOf(drawn.login) : undefined;
          for (let lane = 0; lane < drawn.lanes; lane += 1) {
            if (!(await claim(model, world, drawn.process, needy, login))) break;
          }
        },
      }),
    ),
  ],
  [
    70,
    kind("work", fc.record({ nth, turn: turnDeed, wire: wireDeed, trace: traceDeed, dies: seldom }), (drawn) => ({
      ready: (model) => model.hands.size > 0,
      act: (model, world) => work(model, world, nthOf([...model.hands.values()], drawn.nth), drawn),
    })),
  ],
  [
    3,
    kind("die", process, (who) => ({
      ready: (model) => handsOf(model, who).length > 0,
      act: async (model, world) => die(model, world, who),
    })),
  ],
  [
    2,
    kind("stop", process, (who) => ({
      ready: (model) => handsOf(model, who).length > 0,
      act: (model, world) => stop(model, world, who),
    })),
  ],
  [
    6,
    kind(
      "change mood",
      fc.record({
        account,
        mood: fc.oneof(
          { weight: 4, arbitrary: fc.constant("well" as const) },
          { weight: 1, arbitrary: fc.constant("down" as const) },
          { weight: 2, arbitrary: fc.constant("dry" as const) },
        ),
      }),
      (drawn) => ({
        act: async (model) => model.moods.set(drawn.account, drawn.mood),
      }),
    ),
  ],
  [
    4,
    kind(
      "note",
      fc.record({
        process,
        account,
        reach: fc.constantFrom("failed" as const, "failed" as const, "unasked" as const, "answered" as const),
        times: fc.integer({ min: 1, max: 3 }),
      }),
      (drawn) => ({
        act: async (model, world) => {
          const noted = accountNamed(drawn.account);
          for (let time = 0; time < drawn.times; time += 1) {
            const closed = await world.storage(drawn.process).noteSignal(noted.id, drawn.reach);
            claimSame(closed, noteSignal(model, noted, drawn.reach), "whether the circuit was closed");
          }
        },
      }),
    ),
  ],
  [
    14,
    kind("look", fc.record({ process, nth, two: fc.boolean() }), (drawn) => ({
      ready: (model) => [...batchesOf(model)].some(({ state }) => state === "sent"),
      act: async (model, world) => {
        const followed = rather([...model.tasks.values()], ({ batches }) => batches.some(({ state }) => state === "sent"));
        const task = nthOf(followed, drawn.nth);
        // Two processes read at the same time and write one after the other.
        for (const who of drawn.two ? [drawn.process, drawn.process + 1] : [drawn.process])
          await look(model, world, who % model.processes, task);
      },
    })),
  ],
  [
    18,
    kind("report", fc.record({ nth, words, gone: seldom }), (drawn) => ({
      ready: (model) => model.looks.size > 0,
      act: async (model, world) => {
        const read = nthOf([...model.looks.values()], drawn.nth);
        // The process has just read the batches that it gives up. Stale data would overwrite outcomes with unknown.
        const fresh = drawn.gone ? await readAnew(model, world, read) : read;
        if (fresh) await report(model, world, fresh, drawn.words, drawn.gone);
      },
    })),
  ],
  [
    4,
    kind("cancel", fc.record({ process, nth }), (drawn) => ({
      ready: (model) => model.tasks.size > 0,
      act: async (model, world) => {
        const tasks = rather([...model.tasks.values()], ({ batches }) => batches.some(({ state }) => state === "sending"));
        const task = nthOf(tasks, drawn.nth);
        cancelTask(model, task);
        await world.storage(drawn.process).cancel(task.id);
      },
    })),
  ],
  [
    1,
    kind("clean", fc.record({ process, age, most: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(1_000)) }), (drawn) => ({
      ready: (model) => model.tasks.size > 0,
      act: async (model, world) => {
        // A task of exactly the greatest age is kept.
        const { age: old } = drawn;
        const before =
          old.kind === "so long" ? model.now - old.ms : Math.min(model.now, nthOf([...model.tasks.values()], old.nth).createdAt);
        forget(model, before, await world.storage(drawn.process).clean(before, drawn.most));
      },
    })),
  ],
  [
    3,
    kind(
      "endure",
      fc.record({
        process,
        account,
        trouble: fc.constantFrom(down, down, unreached, dry),
        times: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 14 }) }, { weight: 1, arbitrary: fc.constant(32) }),
      }),
      (drawn) => ({
        ready: (model) => model.tasks.size > 0,
        act: (model, world) => endure(model, world, drawn.process, accountNamed(drawn.account), errorOf(drawn.trouble), drawn.times),
      }),
    ),
  ],
  [1, kind("spend elsewhere", fc.nat({ max: 12 }), (units) => ({ act: async (model) => setElsewhere(model, counting, units) }))],
];

async function readAnew(model: Model, world: World, read: Look): Promise<Look | undefined> {
  model.looks.delete(read.id);
  return model.tasks.has(read.task.id) ? look(model, world, read.process, read.task) : undefined;
}

/** Some drawn commands are skipped, because their precondition does not hold. */
const MOST_DRAWN = 100;

export function modelCommands(replayPath?: string): fc.Arbitrary<Iterable<ModelCommand>> {
  const command = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
  const replay = replayPath === undefined ? {} : { replayPath };
  // With fast-check's usual bias, most lists would be too short to be useful.
  return fc.noBias(fc.commands([command], { maxCommands: MOST_DRAWN, size: "max", ...replay }));
}
