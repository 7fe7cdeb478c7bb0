/** The way between a server and its vendor: it takes time in both directions, and whoever waits can be cut off on it. */

import { Agent, createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** To the vendor, which has not looked at it yet; or from the vendor, which has carried it out. */
export type Leg = "there" | "back";

/** A connection is made, and it depends on who is quicker whether a request has left on it already. */
export type Point = "connected" | Leg;

export type Fate = "goes on" | "is lost";

export interface Wire {
  readonly endpoint: string;
  /** Spending requests that are in flight at this moment. */
  readonly onTheWay: Readonly<Record<Leg, number>>;
  /** Requests of any kind that are in flight at this moment. */
  readonly inFlight: number;
  /**
   * Has the `nth` spending request from now on wait, at that point or at the beginning of that leg, until `act` is done,
   * which may also have it lost. Of connections each counts, and none waits. Returns what calls that off.
   */
  interrupt(point: Point, nth: number, act: () => Promise<Fate>): () => void;
  close(): Promise<void>;
}

export interface WireOptions {
  readonly target: string;
  readonly spends: (request: IncomingMessage) => boolean;
  /** Milliseconds that a leg takes this time. */
  readonly delay: () => number;
  /** Whether a request whose sender is gone by then gets lost instead of reaching the vendor. */
  readonly loses: () => boolean;
}

interface Interruption {
  readonly point: Point;
  left: number;
  readonly act: () => Promise<Fate>;
}

export async function startWire({ target, spends, delay, loses }: WireOptions): Promise<Wire> {
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
      await sleep(delay());
      return "goes on";
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

/** As it came, the host that it was signed for included. */
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
