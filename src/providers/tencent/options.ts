import type { NetworkOptions } from "../kit/network.ts";
import type { ApiOptions } from "./api.ts";

/** The options that every product is created with. */
export interface TencentOptions extends NetworkOptions, Pick<ApiOptions, "endpoint" | "signHost" | "credentials"> {
  /** Names the vendor account in the ledger. Holds no secret. */
  readonly account: string;
}
