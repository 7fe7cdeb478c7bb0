/** The principal behind a request: its tenant and its permissions, read from the token that the transport verified. */

import type { AuthInfo } from "@modelcontextprotocol/server";
import { type Caller, localCaller } from "../prefetch/model/caller.ts";
import type { Intent } from "./intent.ts";

/** `read` asks, `write` also spends and cancels, `admin` also sees the tasks of every tenant. */
export const scopes = ["prefetch:read", "prefetch:write", "prefetch:admin"] as const;
export type Scope = (typeof scopes)[number];

export interface Principal extends Caller {
  readonly may: (intent: Intent) => boolean;
  /** Whether this request calls a tool. */
  readonly callsTool: boolean;
}

/** A request by its headers: its method, and the tool or the task that it names. */
export interface NamedRequest {
  readonly method: string;
  readonly name: string;
}

/** Without authentication every client has the rights of the process's owner. */
const localPrincipal: Principal = { ...localCaller, may: () => true, callsTool: false };

/** Facts that a transport attaches to a verified token: its tenant, and the request's JSON-RPC method once it is known. */
export function authExtra(tenant: string, method?: string): Record<string, unknown> {
  return { tenant, method };
}

/** The scope that a challenge names for a tool of this intent. */
export function scopeFor(intent: Intent): Scope {
  return intent === "read" ? "prefetch:read" : "prefetch:write";
}

export function principalOf(auth: AuthInfo | undefined): Principal {
  if (!auth) return localPrincipal;
  const tenant = auth.extra?.tenant;
  if (typeof tenant !== "string" || tenant === "") throw new TypeError("A verified token without a tenant");
  const granted = (scope: Scope) => auth.scopes.includes(scope);
  return {
    tenant,
    seesAll: granted("prefetch:admin"),
    callsTool: auth.extra?.method === "tools/call",
    may: (intent) => granted("prefetch:write") || (intent === "read" && (granted("prefetch:read") || granted("prefetch:admin"))),
  };
}
