/**
 * An emulator of Tencent Cloud VOD's prefetch on loopback. It follows the vendor's documentation and limits and warms nothing.
 * Source: https://www.tencentcloud.com/document/product/266/34186
 */

import { z } from "zod";
import { CHINA_UTC_OFFSET_HOURS, createDailyQuota } from "../limits.ts";
import { createWarmedUrls } from "../warmed-urls.ts";
import { TencentError } from "./answer.ts";
import { type Action, startTencent, type TencentEmulator, type TencentEmulatorOptions } from "./frame.ts";
import { hostOf } from "./tasks.ts";

export interface TencentVodEmulatorOptions extends TencentEmulatorOptions {
  readonly domains?: readonly string[];
  /** The application that every request must name. */
  readonly subAppId?: number;
}

const order = z.object({ Urls: z.array(z.string()).min(1).max(20), SubAppId: z.number().optional() });
const page = z.object({ Offset: z.number().default(0), Limit: z.number().default(20), SubAppId: z.number().optional() });

export function startTencentVod(options: TencentVodEmulatorOptions = {}): Promise<TencentEmulator> {
  const { now = Date.now, firstMs = 1_500, eachMs = 5, dailyLimit = 10_000, domains = ["tencent-vod.example.net"], subAppId } = options;
  const warmed = createWarmedUrls(now);
  const quota = createDailyQuota(dailyLimit, now, CHINA_UTC_OFFSET_HOURS);
  const read = <Value extends { SubAppId?: number | undefined }>(schema: z.ZodType<Value>, params: unknown): Value => {
    const { success, data } = schema.safeParse(params);
    if (!success) throw new TencentError("InvalidParameterValue", "The parameter value is invalid.");
    if (data.SubAppId !== subAppId && subAppId !== undefined) throw new TencentError("FailedOperation.InvalidVodUser", "No such VOD user.");
    return data;
  };

  return startTencent(options, {
    service: "vod",
    version: "2018-07-17",
    actions: new Map<string, Action>([
      [
        "PushUrlCache",
        (params) => {
          const { Urls: urls } = read(order, params);
          // The vendor documents no code of its own for a domain that is not registered.
          if (!urls.every((url) => domains.includes(hostOf(url))))
            throw new TencentError("InvalidParameterValue", "The domain is not registered.");
          if (!quota.take(urls.length)) throw new TencentError("LimitExceeded", "The quota of the day is used up.");
          for (const [position, url] of urls.entries()) warmed.add(url, now() + firstMs + position * eachMs);
          return { body: {}, accepted: urls };
        },
      ],
      [
        "DescribeVodDomains",
        (params) => {
          const { Offset, Limit } = read(page, params);
          const found = domains.slice(Offset, Offset + Limit).map((Domain) => ({ Domain, DeployStatus: "Online", Type: "VOD" }));
          return { body: { TotalCount: domains.length, DomainSet: found } };
        },
      ],
    ]),
    warmed,
    quota,
  });
}
