/**
 * Warms a list of URLs with the http provider alone. Prints the result as one line of JSON.
 *
 * Usage: `node ours.ts <list of URLs> [CA file]`.
 */

import { readFileSync } from "node:fs";
import { systemClock } from "../../src/app/system-clock.ts";
import { forEachConcurrently } from "../../src/base/for-each-concurrently.ts";
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
);
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
await forEachConcurrently(batches, { concurrency: provider.limits.batchesAtOnce ?? 1 }, async (batch) => {
  await provider.submit({ kind: "urls", urls: batch }, { signal, turn: () => Promise.resolve(), progress });
});
process.stdout.write(`${JSON.stringify({ ...totals, rssMb: Math.round(process.resourceUsage().maxRSS / 1_024) })}\n`);
await provider.close();
