/** Routes: each URL is fetched through every PoP with every variant. */

import { describe, expect, it } from "vitest";
import type { Headers } from "../../../../src/providers/http/http.ts";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, numbered, statesIn, warming } from "../warming-harness.ts";

const variants: readonly Headers[] = [{ "accept-encoding": "br" }, { "accept-encoding": "gzip", "x-device": "tv" }];
const pops = [
  { name: "paris", address: "127.0.0.1" },
  { name: "oslo", address: "127.0.0.1" },
];

describe("warming through several routes", () => {
  it("fetches each URL with each variant through each PoP", async () => {
    const seen: string[] = [];
    const origin = await startOrigin((request, response) => {
      seen.push(`${request.url} ${request.headers["accept-encoding"]} ${request.headers["x-device"]} ${request.headers.host}`);
      response.writeHead(200, cacheable).end("x");
    });
    const urls = numbered(3, (path) => origin.url(path, "media.test"));
    const { outcomes, bytes } = await warming({ variants, pops }).warm(urls);
    const { host } = new URL(urls[0] ?? "");
    const expected = [0, 1, 2].flatMap((path) => ["br undefined", "gzip tv"].flatMap((own) => Array(2).fill(`/${path} ${own} ${host}`)));
    expect(seen.sort()).toEqual(expected.sort());
    expect([statesIn(outcomes), bytes]).toEqual([{ succeeded: 3 }, 12]);
    for (const name of ["paris, variant 1 (accept-encoding, no x-device): ", "oslo, variant 2 (accept-encoding, x-device): "])
      expect(outcomes[0]?.reason).toContain(name);
  });

  it("names the route that failed", async () => {
    const origin = await startOrigin((request, response) =>
      response.writeHead(request.headers["x-device"] === "tv" ? 404 : 200, cacheable).end("x"),
    );
    const { outcomes } = await warming({ variants }).warm([origin.url("/a")]);
    expect(outcomes).toMatchObject([
      {
        state: "failed",
        code: "not_found",
        reason: expect.stringMatching(/^variant 2 \(accept-encoding, x-device\): The server answered with status 404/),
      },
    ]);
  });

  it("skips a PoP that keeps failing and continues through the rest", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(200, cacheable).end("x"));
    const dead = { name: "lima", address: "127.0.0.1", port: 1 };
    const limits = { minFailureSample: 5, requestsPerHost: 1 };
    const { warm } = warming({ pops: [dead, { name: "oslo", address: "127.0.0.1" }], limits });
    const { outcomes } = await warm(numbered(12, (path) => origin.url(path, "media.test")));
    expect(statesIn(outcomes)).toEqual({ failed: 12 });
    expect(origin.seen).toHaveLength(12);
    expect(outcomes[0]).toMatchObject({
      code: "vendor_unavailable",
      reason: expect.stringMatching(/^lima: .*media\.test/),
    });
    expect(outcomes.at(-1)?.reason).toMatch(
      /^lima: Not fetched\. 5 of 5 URLs at media\.test:\d+ \(lima\) failed, so the task skips the rest/,
    );
  });
});
