/** A page that hosts the view as applications do: the official bridge of MCP Apps, on an official client of the built server. */

import { type CallToolResult, Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import {
  AppBridge,
  buildAllowAttribute,
  getToolUiResourceUri,
  type McpUiHostContext,
  type McpUiResourceMeta,
  PostMessageTransport,
} from "@modelcontextprotocol/ext-apps/app-bridge";

export interface OpenOptions {
  /** The tool whose answer the view shows. */
  readonly tool: string;
  readonly context?: McpUiHostContext;
  /** Whether the host passes tool calls of the view on. Default: it does. */
  readonly tools?: boolean;
  /** Whether the host grants the permissions that the view asks for. Default: it grants none. */
  readonly permissions?: boolean;
}

export interface ViewHost {
  /** Opens the view of the tool in a new frame. */
  open(options: OpenOptions): Promise<void>;
  /** Calls the tool as an agent does; the view gets the arguments and the result. */
  run(args: Record<string, unknown>): Promise<CallToolResult>;
  input(args: Record<string, unknown>): Promise<void>;
  result(result: CallToolResult): Promise<void>;
  cancelled(): Promise<void>;
  context(context: McpUiHostContext): Promise<void>;
  teardown(): Promise<void>;
  /** The calls of the view, by tool name. */
  readonly calls: string[];
  /** Calls of the view fail with this text while there is one. */
  outage: string | undefined;
  /** The last height that the view asked for. */
  height: number;
}

declare global {
  interface Window {
    viewHost: ViewHost;
  }
}

const server = new URL(location.href).searchParams.get("server") ?? "";
const client = new Client({ name: "view-host", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
const connected = client.connect(new StreamableHTTPClientTransport(new URL(server)));
let bridge: AppBridge | undefined;
let toolName = "";

function current(): AppBridge {
  if (!bridge) throw new Error("no view is open");
  return bridge;
}

interface ViewPage {
  readonly html: string;
  readonly permissions: McpUiResourceMeta["permissions"];
}

async function pageOf(tool: string): Promise<ViewPage> {
  const { tools } = await client.listTools();
  const uri = getToolUiResourceUri(tools.find(({ name }) => name === tool) ?? {});
  if (uri === undefined) throw new Error(`${tool} has no view`);
  const [content] = (await client.readResource({ uri })).contents;
  if (!content || !("text" in content)) throw new Error(`${uri} has no text`);
  const meta: { readonly ui?: McpUiResourceMeta } | undefined = content._meta;
  return { html: content.text, permissions: meta?.ui?.permissions };
}

window.viewHost = {
  calls: [],
  outage: undefined,
  height: 0,
  open: async ({ tool, context = {}, tools = true, permissions = false }) => {
    await connected;
    toolName = tool;
    document.documentElement.style.colorScheme = context.theme ?? "";
    const shown = await pageOf(tool);
    const frame = document.createElement("iframe");
    frame.sandbox.add("allow-scripts");
    frame.title = "view";
    if (permissions) frame.allow = buildAllowAttribute(shown.permissions);
    document.querySelector("main")?.replaceChildren(frame);
    const view = frame.contentWindow;
    if (!view) throw new Error("the frame has no window");
    const made = new AppBridge(client, { name: "view-host", version: "1.0.0" }, tools ? { serverTools: {} } : {}, { hostContext: context });
    made.onsizechange = ({ height }) => {
      window.viewHost.height = height ?? 0;
      frame.style.height = `${height ?? 0}px`;
    };
    const initialized = new Promise<void>((resolve) => {
      made.oninitialized = () => resolve();
    });
    await made.connect(new PostMessageTransport(view, view));
    // Connecting sets a handler of its own, which counts nothing.
    made.oncalltool = async ({ name, arguments: args }) => {
      window.viewHost.calls.push(name);
      if (window.viewHost.outage !== undefined) throw new Error(window.viewHost.outage);
      return client.callTool({ name, arguments: args ?? {} }, { timeout: 70_000 });
    };
    bridge = made;
    frame.srcdoc = shown.html;
    await initialized;
  },
  run: async (args) => {
    await current().sendToolInput({ arguments: args });
    const result = await client.callTool({ name: toolName, arguments: args }, { timeout: 70_000 });
    await current().sendToolResult(result);
    return result;
  },
  input: (args) => current().sendToolInput({ arguments: args }),
  result: (result) => current().sendToolResult(result),
  cancelled: () => current().sendToolCancelled({ reason: "a person stopped it" }),
  context: async (context) => {
    if (context.theme) document.documentElement.style.colorScheme = context.theme;
    await current().sendHostContextChange(context);
  },
  teardown: async () => {
    await current().teardownResource({});
  },
};
