/** The boundary where text leaves the server for a client. It covers tools, resources, prompts and the SDK's own errors. */

import type { McpServer } from "@modelcontextprotocol/server";
import type { ForeignText } from "../base/foreign-text.ts";
import { readableError } from "./readable-error.ts";

/** Cleans every answer that the server sends. An answer's id is the client's own and stays. */
export function cleanAnswers({ server }: McpServer, { clean }: Pick<ForeignText, "clean">): void {
  const connect = server.connect.bind(server);
  server.connect = (transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      if ("result" in message) return send({ ...message, result: clean(message.result) }, options);
      return send("error" in message ? { ...message, error: clean(readableError(message.error)) } : message, options);
    };
    return connect(transport);
  };
}
