import { expect, it } from "vitest";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, numbered, warming } from "../warming-harness.ts";

it("warms the other URLs of a host before it fails with the bug that one URL met", async () => {
  const origin = await startOrigin((_, response) => void response.writeHead(200, cacheable).end("x"));
  const { warm } = warming({ limits: { requestsPerHost: 2 } });
  const urls = numbered(20, origin.url);
  const settled: string[] = [];
  const warmed = warm(urls, {
    onSettled: ({ url }) => {
      if (url === urls[0]) throw new TypeError("a bug");
      settled.push(url);
    },
  });
  await expect(warmed).rejects.toThrow("a bug");
  expect(settled).toHaveLength(19);
});
