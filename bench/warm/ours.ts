/** Our provider as a process of its own: `ours.ts <list of URLs> [CA file]`. Prints what it did as one line of JSON. */

import { readFileSync } from "node:fs";
import { systemClock } from "../../src/app/system-clock.ts";
import { createHttp } from "../../src/providers/http/http.ts";
import { defaultWarmLimits } from "../../src/providers/http/limits.ts";

const [list = "", ca] = process.argv.slice(2);
const provider = createHttp({
  clock: systemClock,
  userAgent: "bench",
  limits: { ...defaultWarmLimits, requestsPerHost: 16 },
  method: "GET",
  redirects: 0,
  variants: [{ "accept-encoding": "identity" }],
  pops: [],
  allowLoopback: true,
  ...(ca !== undefined && { ca: readFileSync(ca) }),
});
const urls = readFileSync(list, "utf8").trim().split("\n");
const batches = Array.from({ length: Math.ceil(urls.length / provider.limits.urlsPerRequest) }, (_, nth) =>
  urls.slice(nth * provider.limits.urlsPerRequest, (nth + 1) * provider.limits.urlsPerRequest),
).values();
const { signal } = new AbortController();
const totals = { urls: 0, failed: 0, bytes: 0 };
const progress = {
  taskId: "bench",
  taskBytes: 0,
  settled: ({ state }: { readonly state: string }) => {
    totals.urls += 1;
    if (state !== "succeeded") totals.failed += 1;
  },
  moved: (bytes: number) => {
    totals.bytes += bytes;
  },
};
const lane = async (): Promise<void> => {
  for (const batch of batches) {
    await provider.submit({ kind: "urls", urls: batch }, { signal, turn: () => Promise.resolve(), progress });
  }
};
await Promise.all(Array.from({ length: provider.limits.batchesAtOnce ?? 1 }, lane));
process.stdout.write(`${JSON.stringify({ ...totals, rssMb: Math.round(process.resourceUsage().maxRSS / 1_024) })}\n`);
await provider.close();
