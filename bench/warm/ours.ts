/** Our warmer as a process of its own: `ours.ts <list of URLs> [CA file]`. Prints what it did as one line of JSON. */

import { readFileSync } from "node:fs";
import { Agent } from "undici";
import { systemClock } from "../../src/clock.ts";
import { asPrefetchError } from "../../src/errors.ts";
import { usualLimits, warm } from "../../src/providers/http/warm.ts";

const [list = "", ca] = process.argv.slice(2);
const perHost = 16;
const dispatcher = new Agent({
  connections: perHost,
  pipelining: 1,
  allowH2: false,
  connect: ca === undefined ? {} : { ca: readFileSync(ca) },
});
const urls = readFileSync(list, "utf8").trim().split("\n");
let failed = 0;
const totals = await warm(
  urls,
  {
    dispatcher,
    clock: systemClock,
    limits: { ...usualLimits, perHost, mostBytes: Number.MAX_SAFE_INTEGER },
    method: "GET",
    headers: { "user-agent": "bench", "accept-encoding": "identity" },
    signal: new AbortController().signal,
    judge: ({ status }) => (status === 200 ? { ok: true } : { ok: false, code: "vendor_unavailable", reason: String(status) }),
    explain: asPrefetchError,
  },
  ({ verdict }) => {
    if (!verdict.ok) failed += 1;
  },
);
process.stdout.write(`${JSON.stringify({ ...totals, failed, rssMb: Math.round(process.resourceUsage().maxRSS / 1_024) })}\n`);
await dispatcher.close();
