/** The view's connection to its host. Spec: https://github.com/modelcontextprotocol/ext-apps, 2026-01-26 */

import { type Fields, fieldsOf } from "../answers/read.ts";
import { type ToolResult, toolResult } from "../answers/tool-result.ts";
import { type HostContext, hostContext } from "./host-context.ts";
import { createRpc } from "./rpc.ts";

export interface HostEvents {
  onContext(context: HostContext): void;
  onToolInput(args: Fields): void;
  onToolResult(result: ToolResult): void;
  onToolCancelled(): void;
  /** The host takes the view away. */
  onTeardown(): void;
}

export interface Host {
  /** The host passes tool calls of the view on. */
  readonly canCallTools: boolean;
  call(tool: string, args: object): Promise<ToolResult>;
  tellSize(width: number, height: number): void;
}

const PROTOCOL_VERSION = "2026-01-26";
const INITIALIZE_MS = 30_000;
/** A verification of slow edges may take minutes. */
const TOOL_CALL_MS = 180_000;

/** Resolves when the host has answered; it sends the call's input and result after that. */
export async function connect(view: Window & typeof globalThis, events: HostEvents): Promise<Host> {
  let context: Fields = {};
  const tellContext = (changed: unknown): void => {
    context = { ...context, ...fieldsOf(changed) };
    events.onContext(hostContext(context));
  };
  const heard: Readonly<Record<string, (params: Fields) => void>> = {
    "ui/notifications/tool-input": ({ arguments: args }) => events.onToolInput(fieldsOf(args)),
    "ui/notifications/tool-result": (params) => events.onToolResult(toolResult(params)),
    "ui/notifications/tool-cancelled": () => events.onToolCancelled(),
    "ui/notifications/host-context-changed": tellContext,
  };
  const rpc = createRpc({
    // The origin of the host is not known, and a message holds nothing but the view's requests.
    post: (message) => view.parent.postMessage(message, "*"),
    onNotification: (method, params) => heard[method]?.(params),
    onRequest: (method) => {
      if (method === "ui/resource-teardown") events.onTeardown();
      return method === "ui/resource-teardown" || method === "ping" ? {} : undefined;
    },
  });
  view.addEventListener("message", (event) => {
    if (event.source === view.parent) rpc.receive(event.data);
  });

  const offer = { appInfo: { name: "cdn-prefetch-view", version: "1.0.0" }, appCapabilities: {}, protocolVersion: PROTOCOL_VERSION };
  const { hostCapabilities, hostContext: first } = fieldsOf(await rpc.call("ui/initialize", offer, INITIALIZE_MS));
  tellContext(first);
  rpc.notify("ui/notifications/initialized", {});
  return {
    canCallTools: fieldsOf(hostCapabilities).serverTools !== undefined,
    call: async (tool, args) => toolResult(await rpc.call("tools/call", { name: tool, arguments: args }, TOOL_CALL_MS)),
    tellSize: (width, height) => rpc.notify("ui/notifications/size-changed", { width, height }),
  };
}
