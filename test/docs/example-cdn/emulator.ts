/** Example CDN's API on loopback, as small as the contract suite allows. */

import { z } from "zod";
import type { Answer } from "../../../src/sandbox/server/answer.ts";
import { jsonAnswer } from "../../../src/sandbox/server/json.ts";
import type { ReceivedRequest } from "../../../src/sandbox/server/receive.ts";
import { type EmulatorServer, startServer } from "../../../src/sandbox/server/server.ts";

export interface ExampleCdnEmulator extends EmulatorServer {
  readonly token: string;
  /** Requests that the vendor carried out or refused, oldest first. */
  readonly log: readonly { readonly method: string; readonly status: number }[];
}

const FETCH_MS = 60_000;
const requestBody = z.object({ urls: z.array(z.string()) });
const ownHost = "cdn.example.com";

export async function startExampleCdnEmulator(now: () => number): Promise<ExampleCdnEmulator> {
  const token = "sandbox-example-token";
  const log: { method: string; status: number }[] = [];
  const tasks = new Map<string, { readonly urls: readonly string[]; readonly doneAt: number }>();

  const carryOut = ({ method, url, headers, body }: ReceivedRequest): Answer => {
    if (headers.get("authorization") !== `Bearer ${token}`) return refuse(403, "InvalidToken");
    if (method === "POST") {
      const { urls } = requestBody.parse(JSON.parse(body.toString()));
      if (urls.some((each) => new URL(each).host !== ownHost)) return refuse(400, "UnknownDomain");
      const id = `t${tasks.size + 1}`;
      tasks.set(id, { urls, doneAt: now() + FETCH_MS });
      return jsonAnswer(202, { task_id: id });
    }
    const task = tasks.get(url.pathname.split("/").at(-1) ?? "");
    if (!task) return refuse(404, "UnknownTask");
    const state = now() < task.doneAt ? "running" : "done";
    return jsonAnswer(200, { urls: task.urls.map((each) => ({ url: each, state })) });
  };

  const server = await startServer({
    now,
    answer: (request) => {
      const answered = carryOut(request);
      log.push({ method: request.method, status: answered.status });
      return answered;
    },
  });
  return { ...server, token, log };
}

function refuse(status: number, code: string): Answer {
  return jsonAnswer(status, { code, message: `Refused: ${code}` });
}
