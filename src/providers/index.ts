/** All providers. A new provider adds one row. */

import { alibabaVod } from "./alibaba/definition.ts";
import type { ProviderDefinition } from "./definition.ts";
import { httpAnyCdn } from "./http/definition.ts";
import { huaweiVod } from "./huawei/definition.ts";

export const providerDefinitions: readonly ProviderDefinition[] = [huaweiVod, alibabaVod, httpAnyCdn];
