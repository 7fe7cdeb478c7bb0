/** Who calls: what the transport has found out about a principal, in the terms of the tools. */

import type { AuthInfo } from "@modelcontextprotocol/server";
import { type Caller, localCaller } from "../prefetch/model/caller.ts";
import type { Intent } from "./intent.ts";

/** Ask; spend and cancel too; see what belongs to other tenants. */
export const scopes = ["prefetch:read", "prefetch:write", "prefetch:admin"] as const;
export type Scope = (typeof scopes)[number];

export interface Principal extends Caller {
  readonly may: (intent: Intent) => boolean;
  /** Whether this request calls a tool. */
  readonly calling: boolean;
}

/** The owner of the process. */
const localPrincipal: Principal = { ...localCaller, may: () => true, calling: false };

/** What a transport says beside a verified token: whose tasks its bearer works with, and what the request asks for. */
export function authExtra(tenant: string, method?: string): Record<string, unknown> {
  return { tenant, method };
}

/** Without authentication everybody who reaches the server is its owner. */
export function principalOf(auth: AuthInfo | undefined): Principal {
  if (!auth) return localPrincipal;
  const tenant = auth.extra?.tenant;
  if (typeof tenant !== "string" || tenant === "") throw new TypeError("A verified token without a tenant");
  const granted = (scope: Scope) => auth.scopes.includes(scope);
  return {
    tenant,
    seesAll: granted("prefetch:admin"),
    calling: auth.extra?.method === "tools/call",
    may: (intent) => granted("prefetch:write") || (intent === "read" && (granted("prefetch:read") || granted("prefetch:admin"))),
  };
}
