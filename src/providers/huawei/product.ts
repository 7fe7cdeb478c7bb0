/** What differs between the products of Huawei Cloud. Signature, credentials and the codes of the API Gateway are common. */

import type { Meaning } from "../kit/error-table.ts";
import type { Advice, Meanings } from "./meanings.ts";

export interface Product extends Advice {
  /** Variables of the endpoint, and of the region where the product has regions. */
  readonly endpointSettings: readonly [endpoint: string, ...more: string[]];
  /** The product's own codes. */
  readonly codes: (is: Meanings) => Readonly<Record<string, Meaning>>;
}
