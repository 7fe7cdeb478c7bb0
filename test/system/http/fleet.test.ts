/** Several servers on one PostgreSQL database, as replicas behind a load balancer. */

import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { createApp } from "../../../src/app/app.ts";
import { systemClock } from "../../../src/app/system-clock.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { createMetrics } from "../../../src/transports/http/metrics.ts";
import { startHttp } from "../../../src/transports/http/server.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { newDatabase } from "../../storage/postgres/database.ts";
import { endOf, httpSessions, huaweiEnv, taskOf, usedOf } from "../harness/clients-harness.ts";
import { startServer } from "../harness/http-server-harness.ts";

const [[, connect]] = httpSessions;

it("replicas show every client the same tasks and quota, send each URL once, and take up the work of one that was killed", async () => {
  const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0, callsPerMinute: 10_000 });
  onTestFinished(() => emulator.close());
  const { host, port, user, database } = await newDatabase();
  const env = huaweiEnv(emulator, `postgres://${user}@${host}:${port}/${database}`);
  const [one, other] = await Promise.all([startServer(env, []), startServer(env, [])]);
  const [here, there] = await Promise.all([connect(one.url), connect(other.url)]);
  const urls = manyUrls(3, "https://example.com/fleet/");

  const task = taskOf(await here.call("prefetch_urls", { urls, wait_seconds: 20 }));
  expect(taskOf(await there.call("get_prefetch_status", { task_id: task.task_id }))).toMatchObject({ state: "succeeded" });
  expect(usedOf(await there.call("get_prefetch_quota"))).toEqual([3, 0]);
  expect(taskOf(await there.call("prefetch_urls", { urls: [...urls, "https://example.com/fleet/new"] }))).toMatchObject({
    skipped_recent: 3,
  });
  expect(usedOf(await here.call("get_prefetch_quota"))).toEqual([4, 0]);
  for (const { url } of [one, other]) expect((await fetch(new URL("/readyz", url))).status).toBe(200);

  // Six requests take three seconds at the vendor's rate, so most of them wait when their replica is killed.
  const many = manyUrls(60, "https://example.com/killed/");
  const long = taskOf(await here.call("prefetch_urls", { urls: many }));
  one.child.kill("SIGKILL");
  await once(one.child, "exit");
  const { counts } = await endOf(there, long);
  expect(counts.succeeded + counts.unknown).toBe(60);
  // Only requests on the wire can end as unknown: 4 at once, of 10 URLs each.
  expect(counts.unknown).toBeLessThanOrEqual(40);
  const accepted = emulator.log.flatMap((entry) => entry.accepted).filter((url) => url.includes("/killed/"));
  expect(new Set(accepted).size).toBe(accepted.length);
  expect(accepted.length).toBeGreaterThanOrEqual(counts.succeeded);
  expect(usedOf(await there.call("get_prefetch_quota"))).toEqual([64, 0]);
}, 90_000);

it("a replica is ready with a clock that differs from the database's, and says by how much only where it is more than two seconds", async () => {
  const { host, port, user, database } = await newDatabase();
  const env = { PREFETCH_STORE: `postgres://${user}@${host}:${port}/${database}` };
  const command = readCommand(["--sandbox", "--transport", "http", "--port", "0", "--log-level", "silent"], env);
  if (command.kind !== "serve") throw new Error("The flags do not start a server.");
  const readiness = async (aheadMs: number): Promise<{ readonly status: number; readonly body: unknown }> => {
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const { config } = command;
    const service = await startHttp({
      app: createApp(config, { clock }),
      metrics: createMetrics(),
      auth: undefined,
      options: config.server,
    });
    onTestFinished(() => service.close());
    const answer = await fetch(new URL("/readyz", service.url));
    return { status: answer.status, body: await answer.json() };
  };
  expect(await readiness(1_000)).toEqual({ status: 200, body: { status: "ok" } });
  for (const aheadMs of [60_000, -3_600_000]) {
    const { status, body } = await readiness(aheadMs);
    expect([status, body]).toEqual([200, { status: "ok", clock_ahead_ms: expect.any(Number) }]);
    expect(Math.abs(Number(Object(body).clock_ahead_ms) - aheadMs)).toBeLessThan(2_000);
  }
});
