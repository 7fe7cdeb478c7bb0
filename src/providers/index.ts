/** The providers there are. Adding one adds a row. */

import { alibabaVod } from "./alibaba/row.ts";
import { httpAnyCdn } from "./http/row.ts";
import { huaweiVod } from "./huawei/row.ts";
import type { ProviderRow } from "./row.ts";

export const providerRows: readonly ProviderRow[] = [huaweiVod, alibabaVod, httpAnyCdn];
