/** All providers. A new provider adds one row, before the one for any CDN. */

import { alibabaVod } from "./alibaba/definition.ts";
import { alibabaCdn, alibabaDcdn } from "./alibaba/plain-definitions.ts";
import type { ProviderDefinition } from "./definition.ts";
import { httpAnyCdn } from "./http/definition.ts";
import { huaweiCdn } from "./huawei/cdn-definition.ts";
import { huaweiVod } from "./huawei/definition.ts";
import { tencentCdn, tencentEdgeOne, tencentVod } from "./tencent/definitions.ts";
import { volcengineCdn } from "./volcengine/definition.ts";

export const providerDefinitions: readonly ProviderDefinition[] = [
  huaweiVod,
  alibabaVod,
  alibabaCdn,
  alibabaDcdn,
  huaweiCdn,
  tencentCdn,
  tencentEdgeOne,
  tencentVod,
  volcengineCdn,
  httpAnyCdn,
];
