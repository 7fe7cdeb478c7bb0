/** Metrics for Prometheus. Labels have few values: never a URL, a task, a tenant or another value that callers choose. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { quotaName } from "../../prefetch/model/provider.ts";
import type { Observer } from "../../telemetry/observer.ts";
import type { Gauges } from "../served-app.ts";

export interface Metrics {
  readonly observer: Observer;
  /** Counts one HTTP request; `status` is a class such as "2xx". */
  requestAnswered(status: string): void;
  readonly contentType: string;
  /** The text of one scrape. */
  render(gauges: Gauges): Promise<string>;
}

const TOOL_SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];
const VENDOR_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: "cdn_prefetch_http_requests_total",
    help: "HTTP requests to the MCP endpoint.",
    labelNames: ["status"],
    registers,
  });
  const toolSeconds = new Histogram({
    name: "cdn_prefetch_tool_seconds",
    help: "Duration of tool calls, including waits.",
    labelNames: ["tool", "outcome"],
    buckets: TOOL_SECONDS,
    registers,
  });
  const vendorSeconds = new Histogram({
    name: "cdn_prefetch_vendor_seconds",
    help: "Duration of requests to vendors.",
    labelNames: ["provider", "outcome"],
    buckets: VENDOR_SECONDS,
    registers,
  });
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) => new Gauge({ name, help, labelNames, registers });
  const items = gauge("cdn_prefetch_items", "Items of all stored tasks, by state.", ["state"]);
  const queued = gauge("cdn_prefetch_queued_batches", "Batches that are queued or in flight.", ["provider"]);
  const queuedUnits = gauge("cdn_prefetch_queued_units", "Units of quota that queued batches reserve.", ["provider"]);
  const remaining = gauge("cdn_prefetch_quota_remaining", "Remaining units of today's quota, for vendors with a limit.", ["provider"]);
  const limit = gauge("cdn_prefetch_quota_limit", "Units of quota per day, for vendors with a limit.", ["provider"]);

  return {
    observer: {
      toolCalled: (tool, outcome, seconds) => toolSeconds.observe({ tool, outcome }, seconds),
      vendorCalled: (provider, outcome, seconds) => vendorSeconds.observe({ provider, outcome }, seconds),
    },
    requestAnswered: (status) => requests.inc({ status }),
    contentType: registry.contentType,
    render: async (gauges) => {
      for (const [state, count] of Object.entries(gauges.items)) items.set({ state }, count);
      for (const { provider, zone, ...quota } of gauges.quotas) {
        const waiting = gauges.backlog.find((each) => each.provider === provider);
        queued.set({ provider }, waiting?.batches ?? 0);
        queuedUnits.set({ provider }, waiting?.units ?? 0);
        const name = quotaName({ id: provider, zoneId: zone });
        if (quota.remaining !== undefined) remaining.set({ provider: name }, quota.remaining);
        if (quota.limit !== undefined) limit.set({ provider: name }, quota.limit);
      }
      return registry.metrics();
    },
  };
}
