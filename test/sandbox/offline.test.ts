import { Resolver } from "node:dns/promises";
import { expect, it, onTestFinished, vi } from "vitest";
import { systemClock } from "../../src/app/system-clock.ts";
import { httpAnyCdn } from "../../src/providers/http/definition.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { silentObserver } from "../../src/telemetry/observer.ts";

it("sends no DNS query for a host whose headers name no CDN", async () => {
  const asked = vi.spyOn(Resolver.prototype, "resolveCname").mockRejectedValue(new Error("There is no network"));
  onTestFinished(() => asked.mockRestore());
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const reading = httpAnyCdn.read(sandbox.values);
  if (!reading.ok) throw new Error(reading.problem);
  const provider = await reading.create({ clock: systemClock, userAgent: "test", observer: silentObserver, ca: sandbox.ca });
  onTestFinished(() => provider.close());
  const rows = await provider.edge?.verify("https://media.example.org/a.mp4", AbortSignal.timeout(10_000));
  expect(rows).toMatchObject([{ edge: "sandbox", state: "cold" }]);
  expect(asked).not.toHaveBeenCalled();
});
