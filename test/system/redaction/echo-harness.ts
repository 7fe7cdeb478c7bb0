/** A vendor and an edge in one server, which echo whatever a test tells them to, in every place where they may say something. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Echo {
  /** The text that stands for the echoed credential. */
  readonly text: string;
  readonly status: 200 | 302 | 400 | 403 | 404 | 500;
}

export interface EchoServer {
  readonly origin: string;
  echo: Echo;
  /** Addresses and bodies of the requests. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** `iamToken` is the token that a login gets. */
export async function startEcho(iamToken = "iam-token-of-a-login"): Promise<EchoServer> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(request.url ?? "");
    request.setEncoding("utf8").on("data", (chunk: string) => received.push(chunk));
    request.once("end", () => answer(request, response, { ...state.echo, iamToken, origin: state.origin }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const state = {
    origin: `http://127.0.0.1:${port}`,
    echo: { text: "", status: 200 } as Echo,
    received,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;
}

interface Scene extends Echo {
  readonly iamToken: string;
  readonly origin: string;
}

function answer(request: IncomingMessage, response: ServerResponse, scene: Scene): void {
  const { url = "/", headers } = request;
  const action = headers["x-acs-action"];
  if (url.startsWith("/v3/auth/tokens")) sendToken(response, scene);
  else if (typeof action === "string") sendJson(response, scene, "x-acs-request-id", alibabaSays(action, url, scene));
  else if (url.startsWith("/v1.0/")) sendJson(response, scene, "x-request-id", huaweiSays(request, scene));
  else sendEdge(response, url, scene);
}

/** A header carries visible ASCII only. */
const inHeader = (text: string): string => text.replace(/[^\x20-\x7e]/g, " ").trim();

function sendToken(response: ServerResponse, { iamToken }: Scene): void {
  response.writeHead(201, { "x-subject-token": iamToken }).end(JSON.stringify({ token: { expires_at: "2999-01-01T00:00:00Z" } }));
}

function sendJson(response: ServerResponse, { status, text }: Scene, id: string, body: unknown): void {
  response.writeHead(status === 302 ? 400 : status, { [id]: inHeader(text) }).end(JSON.stringify(body));
}

function alibabaSays(action: string, url: string, { text, status, origin }: Scene): unknown {
  if (status !== 200) return { Code: status === 403 ? text : "Strange", Message: `refused ${text}`, RequestId: text };
  const asked = new URLSearchParams(url.slice(url.indexOf("?"))).get("ObjectPath") ?? `${origin}/echoed`;
  const row = { TaskId: "1", ObjectPath: asked, Status: "Failed", Process: "7%", Description: text };
  const answers: Readonly<Record<string, object>> = {
    PreloadVodObjectCaches: { PreloadTaskId: "77" },
    DescribeVodRefreshTasks: { TotalCount: 2, Tasks: { Task: [row, { ...row, ObjectPath: `${origin}/${text}`, Status: text }] } },
    DescribeVodRefreshQuota: { PreloadQuota: "1000", PreloadRemain: "900" },
    RefreshMediaPlayUrls: { MediaRefreshJobId: text.slice(0, 60) },
    GetPlayInfo: { PlayInfoList: { PlayInfo: [{ PlayURL: `${origin}/${text}` }] } },
  };
  return { RequestId: text, ...answers[action] };
}

function huaweiSays({ method, url = "" }: IncomingMessage, { text, status, origin }: Scene): unknown {
  if (status !== 200) return { error_code: status === 403 ? text : "VOD.99999", error_msg: `refused ${text}`, request_id: text };
  const plays = [{ url: `${origin}/${text}.mp4` }];
  if (url.includes("/asset/info")) return { asset_info_array: [{ status: "PUBLISHED", play_info_array: plays }] };
  if (method === "POST") return { task_id: text.length < 30 ? text : "5199337c31c8e4622f1590735b13a263" };
  return { preheating_results: [{ url: `${origin}/${text}`, status: text }] };
}

function sendEdge(response: ServerResponse, url: string, { text, status, origin }: Scene): void {
  const said = inHeader(text);
  const headers = {
    "x-cache": `HIT from ${said}`,
    via: `1.1 ${said}`,
    "cache-control": `max-age=60, x="${said.replace(/["\\]/g, "")}"`,
    "cache-status": `${said.replace(/\W/g, "")}; hit; detail=${said}`,
    "set-cookie": `a=${said}`,
    ...(status === 302 && { location: `${origin}/to/${encodeURI(text.toWellFormed())}` }),
  };
  if (!url.includes(".m3u8") || status !== 200) {
    response.writeHead(status, headers).end(text);
    return;
  }
  const lines = [
    "#EXTM3U",
    "#EXT-X-TARGETDURATION:6",
    ...[`${text}.ts`, `https://${said}.example/a.ts`, `${said}://b`].flatMap((uri) => ["#EXTINF:6,", uri]),
  ];
  response.writeHead(200, { ...headers, "content-type": "application/vnd.apple.mpegurl" }).end([...lines, "#EXT-X-ENDLIST"].join("\n"));
}
