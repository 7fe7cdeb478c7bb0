/** A proxy between a server and its vendor. It delays both directions, and can hold or lose a message. */

import { Agent, createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** `there`: to the vendor, which has not seen the request. `back`: from the vendor, which has carried it out. */
export type Leg = "there" | "back";

/** `connected`: a connection was just made. A request may or may not have left on it already. */
export type Point = "connected" | Leg;

export type Fate = "goes on" | "is lost";

export interface Wire {
  readonly endpoint: string;
  /** Spending requests that are in flight at this moment. */
  readonly onTheWay: Readonly<Record<Leg, number>>;
  /** Requests of any kind that are in flight at this moment. */
  readonly inFlight: number;
  /**
   * Holds the `nth` spending request from now on, at the beginning of that leg, until `act` is done. `act` decides whether
   * the request gets lost. At `connected`, every connection counts and none is held. Returns a function that cancels this.
   */
  interrupt(point: Point, nth: number, act: () => Promise<Fate>): () => void;
  close(): Promise<void>;
}

export interface WireOptions {
  readonly target: string;
  readonly spends: (request: IncomingMessage) => boolean;
  /** The milliseconds of the next leg. */
  readonly delay: (leg: Leg, spending: boolean) => number;
  /** Whether the message of a spending request gets lost on that leg. Without it, none does. */
  readonly fate?: (leg: Leg) => Fate;
  /** Whether a request of a dead sender gets lost instead of reaching the vendor. */
  readonly loses: () => boolean;
}

interface Interruption {
  readonly point: Point;
  left: number;
  readonly act: () => Promise<Fate>;
}

export async function startWire({ target, spends, delay, fate = () => "goes on", loses }: WireOptions): Promise<Wire> {
  const onTheWay = { there: 0, back: 0 };
  let inFlight = 0;
  const interruptions = new Set<Interruption>();
  const agent = new Agent({ keepAlive: true });

  const arriveAt = async (point: Point): Promise<Fate> => {
    for (const entry of [...interruptions].filter((each) => each.point === point)) {
      entry.left -= 1;
      if (entry.left > 0) continue;
      interruptions.delete(entry);
      if ((await entry.act()) === "is lost") return "is lost";
    }
    return "goes on";
  };

  const travel = async (leg: Leg, spending: boolean): Promise<Fate> => {
    if (spending) onTheWay[leg] += 1;
    try {
      if (spending && (await arriveAt(leg)) === "is lost") return "is lost";
      await sleep(delay(leg, spending));
      return spending ? fate(leg) : "goes on";
    } finally {
      if (spending) onTheWay[leg] -= 1;
    }
  };

  const server = createServer({ maxHeaderSize: 256 * 1_024 }, (incoming, outgoing) => {
    const carry = async (): Promise<void> => {
      const body = await wholeBody(incoming);
      const spending = spends(incoming);
      const lost = (await travel("there", spending)) === "is lost";
      if (lost || (incoming.socket.destroyed && loses())) return void incoming.socket.destroy();
      const answer = await forward(target, agent, incoming, body);
      if ((await travel("back", spending)) === "is lost") return void incoming.socket.destroy();
      outgoing.writeHead(answer.status, answer.headers);
      outgoing.end(answer.body);
    };
    inFlight += 1;
    // Carrying fails when the sender dies in the middle of its request, or when the vendor has closed.
    carry()
      .catch(() => incoming.socket.destroy())
      .finally(() => {
        inFlight -= 1;
      });
  });
  server.on("connection", () => void arriveAt("connected"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("A wire has no port.");

  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    onTheWay,
    get inFlight() {
      return inFlight;
    },
    interrupt: (point, nth, act) => {
      const entry: Interruption = { point, left: nth, act };
      interruptions.add(entry);
      return () => void interruptions.delete(entry);
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

interface Carried {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Forwards the request unchanged, with the host that it was signed for. */
function forward(target: string, agent: Agent, { method, url = "/", headers }: IncomingMessage, body: Buffer): Promise<Carried> {
  const { connection: _, ...kept } = headers;
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(url, target), { method, agent, headers: kept, setHost: false }, (response) => {
      const { connection: __, "keep-alive": ___, ...answered } = response.headers;
      wholeBody(response).then((text) => resolve({ status: response.statusCode ?? 502, headers: answered, body: text }), reject);
    });
    request.once("error", reject);
    request.end(body);
  });
}

async function wholeBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
