/** Runs one row of the fault tables: the whole server in this process, and an emulated vendor behind a faulty wire. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Client, InMemoryTransport } from "@modelcontextprotocol/client";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { vi } from "vitest";
import { z } from "zod";
import { createApp } from "../../../src/app/app.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { statusOutput } from "../../../src/mcp/result.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { isEnded } from "../../../src/prefetch/model/task.ts";
import { vendorDay } from "../../../src/prefetch/model/vendor-day.ts";
import { openSqlite } from "../../../src/storage/sqlite.ts";
import type { App } from "../../../src/transports/served-app.ts";
import { type WireClock, wireClock } from "./clock-harness.ts";
import type { Commit, FaultRow } from "./row-harness.ts";
import { vendors } from "./vendors-harness.ts";
import { type Arrival, type RequestFault, startWire, type Wire } from "./wire-harness.ts";

/** Noon in Shanghai, far from any midnight. */
const NOON = Date.parse("2026-11-21T12:00:00+08:00");
const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Each host has a request of its own. */
const HOSTS = 3;
const URLS_A_HOST = 3;
/** A task that has not changed for this long counts as resting. */
const RESTS_MS = 40 * MINUTE;
const LONGEST_MS = 12 * 60 * MINUTE;

export interface ObservedItem {
  readonly url: string;
  /** The state, with the error code of a rejected URL. */
  readonly fate: string;
  readonly code: string | undefined;
  readonly reason: string;
}

export interface Observed {
  /** The URL whose request is hit. */
  readonly url: ObservedItem;
  readonly mates: readonly ObservedItem[];
  readonly others: readonly ObservedItem[];
  readonly final: boolean;
  readonly nextStep: string;
  /** All answers of the tools. */
  readonly said: readonly string[];
  /** The lines of the log. */
  readonly log: readonly string[];
  readonly secrets: readonly string[];
  /** Requests to prefetch that URL, whether or not they got onto the wire. */
  readonly tries: number;
  /** How often the vendor accepted that URL, and the URL that it accepted most often. */
  readonly accepted: number;
  readonly mostAccepted: number;
  readonly requests: number;
  /** Units by day. */
  readonly vendorBooks: ReadonlyMap<string, number>;
  readonly ledger: ReadonlyMap<string, number>;
  /** Milliseconds from the start of the task to the last request to prefetch something. */
  readonly lastSent: number;
}

const status = z.object(statusOutput);
const toolResult = z.object({
  isError: z.boolean().default(false),
  content: z.array(z.object({ type: z.literal("text"), text: z.string() })).length(1),
  structuredContent: z.unknown().optional(),
});

type Closing = (() => unknown)[];
type Session = Awaited<ReturnType<typeof openSession>>;

export async function runRow(row: FaultRow): Promise<Observed> {
  const closing: Closing = [];
  try {
    const start = row.setup?.start ?? NOON;
    const clock = wireClock(start);
    closing.push(clock.close);
    const log = takeOver(clock, closing);
    const list = listFor(row);
    const { vendor, wire, ledger, session } = await assemble(row, list, clock, closing);
    const tries = countTries(vendors[row.provider].urlsOf, list.hit);
    closing.push(tries.stop);

    for (const commit of row.commit) void schedule(commit, clock, { wire, revokeTokens: vendor.revokeTokens });
    const { task, said } = await followTask(row, list.urls, clock, session);
    // Late requests arrive within two minutes.
    await clock.drive(clock.sleep(2 * MINUTE));

    const items = (task.items ?? []).map(observedItem);
    const url = items.find((item) => item.url === list.hit);
    if (!url || items.length !== list.urls.length) throw new Error(`Some items are missing: ${said.at(-1)}`);
    const isMate = (item: ObservedItem) => new URL(item.url).host === new URL(url.url).host;
    const accepted = vendor.accepted();
    return {
      url,
      mates: items.filter((item) => item !== url && isMate(item)),
      others: items.filter((item) => !isMate(item)),
      final: isEnded(task.state),
      nextStep: task.next_step,
      said,
      log,
      secrets: vendor.secrets,
      tries: tries.count,
      accepted: accepted.get(list.hit) ?? 0,
      mostAccepted: Math.max(0, ...accepted.values()),
      requests: wire.arrivals.length,
      vendorBooks: vendor.spent(),
      ledger: await ledger(),
      lastSent: Math.max(0, ...wire.arrivals.filter(({ urls }) => urls.length > 0).map(({ at }) => at - start)),
    };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** Replaces real time and chance. Returns the lines that the log will have. */
function takeOver(clock: WireClock, closing: Closing): readonly string[] {
  const log: string[] = [];
  const spies = [
    vi.spyOn(AbortSignal, "timeout").mockImplementation(clock.timeout),
    // The caches of answers go by the system's time.
    vi.spyOn(Date, "now").mockImplementation(clock.now),
    // Pauses are spread by chance; here they are always the middle ones, so that every run is the same.
    vi.spyOn(Math, "random").mockReturnValue(0.5),
    vi.spyOn(process.stderr, "write").mockImplementation((line) => log.push(String(line)) > 0),
  ];
  closing.push(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return log;
}

interface List {
  readonly hosts: readonly string[];
  readonly urls: readonly string[];
  /** The URL whose request is hit. */
  readonly hit: string;
}

function listFor({ provider, left }: FaultRow): List {
  const { atOnce } = vendors[provider];
  const hosts = Array.from({ length: left === undefined ? HOSTS : atOnce + left }, (_, index) => `b${index + 1}.example.com`);
  const middle = left === undefined ? Math.floor(HOSTS / 2) : atOnce + Math.floor(left / 2);
  return {
    hosts,
    urls: hosts.flatMap((host) => Array.from({ length: URLS_A_HOST }, (_, index) => `https://${host}/${index + 1}.mp4`)),
    hit: `https://${hosts[middle]}/2.mp4`,
  };
}

/** Starts the vendor, the wire, the server and a client. */
async function assemble(row: FaultRow, { hosts, hit }: List, clock: WireClock, closing: Closing) {
  const { provider, setup = {} } = row;
  const { start, urlsOf } = vendors[provider];
  const begun = clock.now();
  const now = () => clock.now() + (setup.vendorAheadMs ?? 0);
  const { credentials = "keys", dailyLimit, tokenLifeMs, listDelayMs } = setup;
  const vendor = await start({ now, domains: hosts, credentials, dailyLimit, tokenLifeMs, listDelayMs });
  closing.push(vendor.close);
  const faultOf = faultFinder(row, hit, () => clock.now() - begun);
  const wire = await startWire({ clock, target: vendor.endpoint, now, tls: setup.tls ?? false, urlsOf, faultOf });
  closing.push(wire.close);

  const command = readCommand([], {
    ...vendor.env(setup.endpoint ?? wire.endpoint),
    // The rows are about the wire. A store in a file would take a third of their time.
    PREFETCH_STORE: "memory:",
    // The rows send more than half of small quotas.
    PREFETCH_CONFIRM_ABOVE: "0",
    PREFETCH_LOG_LEVEL: "info",
    ...setup.settings,
  });
  if (command.kind !== "serve") throw new Error("It only serves");
  const storage = openSqlite(command.config.store, clock);
  const app = createApp(command.config, { clock, openStorage: () => storage });
  const session = await openSession(app, clock);
  closing.push(async () => {
    // A hanging request must not keep the server from stopping.
    const release = clock.disregard();
    await session.close();
    await clock.drive(app.close());
    release();
  });
  // The first call loads modules. No time passes meanwhile.
  await session.call("get_prefetch_quota", {});
  const ledger = async () => ledgerOf(storage, await app.directory.get(provider), begun, now());
  return { vendor, wire, ledger, session };
}

/** Creates a task of the URLs and queries it until it ends or rests. */
async function followTask({ setup = {} }: FaultRow, urls: readonly string[], clock: WireClock, session: Session) {
  const begun = clock.now();
  const first = await clock.drive(session.call("prefetch_urls", { urls, ...setup.args }));
  const taskId = /pf_[\w-]+/.exec(first.text)?.[0];
  if (taskId === undefined) throw new Error(`No task was made: ${first.text}`);
  const said = [first.text];
  let known = { counts: "", since: begun };
  for (let round = 0; ; round += 1) {
    // One waiting call per task is enough, because it looks every half second.
    const wait = setup.waits ? 50 : round === 0 ? 5 : 0;
    await clock.drive(clock.sleep(wait > 0 ? 5 * SECOND : Math.min(15 * MINUTE, 20 * SECOND * 2 ** (round - 1))));
    const answer = await clock.drive(session.call("get_prefetch_status", { task_id: taskId, detail: "all", wait_seconds: wait }));
    said.push(answer.text);
    if (answer.isError) throw new Error(answer.text);
    const task = status.parse(answer.structured);
    const counts = JSON.stringify(task.counts);
    if (counts !== known.counts) known = { counts, since: clock.now() };
    const rests = task.counts.queued + (task.counts.deferred ?? 0) === 0 && clock.now() - known.since > RESTS_MS;
    if (isEnded(task.state) || rests) return { task, said };
    if (clock.now() - begun > LONGEST_MS) throw new Error(`It never ends: ${answer.text}`);
  }
}

function observedItem({ url = "", state, code, reason = "" }: NonNullable<z.infer<typeof status>["items"]>[number]): ObservedItem {
  return { url, fate: state === "rejected" ? `rejected: ${code}` : state, code, reason };
}

/** The first fault of the row that concerns an arrival. */
function faultFinder(row: FaultRow, hit: string, since: () => number): (arrival: Arrival) => RequestFault | undefined {
  const left = new Map<Commit, number>();
  const concerns = (commit: Commit, arrival: Arrival): boolean => {
    if (commit.on === "all") return true;
    if (commit.on === "logins") return arrival.request.path.startsWith("/v3/auth/");
    if (commit.on === "url") return arrival.urls.includes(hit);
    if (commit.on === "submits") return arrival.urls.length > 0;
    return commit.on === "questions" && vendors[row.provider].isQuestion(arrival);
  };
  return (arrival) => {
    for (const commit of row.commit) {
      if (!("fault" in commit) || commit.on === "connections" || !concerns(commit, arrival)) continue;
      if (since() < (commit.from ?? 0) || since() >= (commit.until ?? Number.POSITIVE_INFINITY)) continue;
      const times = left.get(commit) ?? commit.times ?? Number.POSITIVE_INFINITY;
      left.set(commit, times - 1);
      if (times > 0) return commit.fault;
    }
    return undefined;
  };
}

/** Commits the faults that need no request, at their time. */
async function schedule(commit: Commit, clock: WireClock, { wire, revokeTokens }: { wire: Wire; revokeTokens: () => void }): Promise<void> {
  const { from = 0, until } = commit;
  if (commit.on !== "connections" && commit.on !== "tokens") return;
  if (from > 0) await clock.sleep(from);
  if (commit.on === "tokens") revokeTokens();
  else {
    await wire.breakConnections(commit.fault);
    if (until === undefined) return;
    await clock.sleep(until - from);
    await wire.breakConnections(undefined);
  }
}

/** Counts the requests that the server hands to undici, even if no connection is made. */
function countTries(urlsOf: (typeof vendors)["huawei-vod"]["urlsOf"], hit: string) {
  let count = 0;
  const request = z.object({
    request: z.object({ method: z.string(), path: z.string(), headers: z.array(z.string()), body: z.unknown() }),
  });
  const begun = (message: unknown): void => {
    const { method, path, headers, body } = request.parse(message).request;
    const named = Object.fromEntries(
      headers.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), headers[index + 1] ?? ""]] : [])),
    );
    if (urlsOf({ method, path, headers: named, body: body instanceof Uint8Array ? Buffer.from(body).toString() : "" }).includes(hit))
      count += 1;
  };
  subscribe("undici:request:create", begun);
  return {
    get count() {
      return count;
    },
    stop: () => unsubscribe("undici:request:create", begun),
  };
}

interface Said {
  readonly isError: boolean;
  readonly text: string;
  readonly structured: unknown;
}

async function openSession(app: App, clock: WireClock) {
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const server = serveStdio(app.factory, { transport: theirs, onerror: (error) => app.report(error, "the transport") });
  const client = new Client({ name: "faults", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  const release = clock.hold();
  await client.connect(ours);

  release();
  return {
    call: async (name: string, args: Record<string, unknown>): Promise<Said> => {
      const { isError, content, structuredContent } = toolResult.parse(await client.callTool({ name, arguments: args }));
      return { isError, text: content[0]?.text ?? "", structured: structuredContent };
    },
    close: async () => {
      await client.close();
      await server.close();
    },
  };
}

/** Units that the account of the provider has spent or reserved, by day, on each day that either clock has seen. */
async function ledgerOf(
  storage: Storage,
  { account, limits }: Provider,
  begun: number,
  ended: number,
): Promise<ReadonlyMap<string, number>> {
  const books = new Map<string, number>();
  for (let at = begun - DAY; at < ended + 2 * DAY; at += DAY) {
    const day = vendorDay(at, limits.timeZone);
    const { used } = await storage.ledger(account, day);
    if (used !== 0) books.set(day, used);
  }
  return books;
}
