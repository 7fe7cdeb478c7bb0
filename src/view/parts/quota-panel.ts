/** The panel of quota: a gauge for each vendor, and when deferred URLs go out. */

import type { ItemRow, ProviderShare, Quota } from "../answers/task.ts";
import { el, rebuilder } from "./element.ts";
import type { Model, Part, PartContext } from "./part.ts";

type Texts = Pick<PartContext, "words" | "format">;

export function createQuotaPanel({ words, format, actions }: PartContext): Part {
  const node = el("section", { class: "panel", tabindex: "0" });
  const rebuild = rebuilder(node);
  const update = ({ state: { task }, rows, hasAllRows, now }: Model): void => {
    const shares = (task?.shares ?? []).filter(({ quota }) => quota);
    // Only all rows tell how many are due at each moment.
    if (task?.deferred && !hasAllRows && !node.hidden) actions.wantRows(Number.POSITIVE_INFINITY);
    const days = task?.deferred && hasAllRows ? scheduleOf(rows) : [];
    // The distance of a reset is told in minutes at the finest.
    rebuild([shares, days, Math.floor(now / 60_000)], () => [
      shares.length === 0 ? el("p", { class: "empty" }, words.quota.none) : undefined,
      ...shares.map((share) => gauge(share, now, { words, format })),
      days.length === 0 ? undefined : schedule(days, now, { words, format }),
    ]);
  };
  return { node, update };
}

function gauge({ quota, total }: ProviderShare, now: number, { words, format }: Texts): HTMLElement {
  if (!quota) return el("div");
  const { provider, limit, used, resetsAt, isLedger } = quota;
  const source = isLedger ? words.quota.ledger : words.quota.vendor;
  const reset =
    resetsAt === undefined || limit === undefined ? [] : [words.quota.resets(format.moment(resetsAt), format.distance(resetsAt, now))];
  const left =
    limit === undefined ? undefined : el("span", { class: "gauge-left" }, words.quota.left(format.count(Math.max(0, limit - used))));
  return el(
    "div",
    { class: "gauge" },
    el(
      "div",
      { class: "gauge-head" },
      el("h2", {}, provider, total === undefined ? undefined : el("span", { class: "tab-count" }, format.count(total))),
      left,
    ),
    limit === undefined ? undefined : meter({ ...quota, limit }),
    el("p", {}, limit === undefined ? words.quota.noLimit(format.count(used)) : words.quota.used(format.count(used), format.count(limit))),
    el("p", { class: "muted" }, [...reset, source].join(" · ")),
  );
}

/** The text below it says the same. */
function meter({ limit, used }: Quota & { readonly limit: number }): HTMLElement {
  const part = limit === 0 ? 1 : Math.min(1, used / limit);
  const fill = el("span", { class: `fill ${part >= 1 ? "full" : part >= 0.8 ? "nearly" : ""}` });
  fill.style.width = `${part * 100}%`;
  return el("div", { class: "meter", "aria-hidden": "true" }, fill);
}

interface Day {
  readonly from: number;
  readonly count: number;
}

/** Deferred rows by the moment at which they are due. */
function scheduleOf(rows: readonly ItemRow[]): Day[] {
  const counts = new Map<number, number>();
  for (const { state, notBefore } of rows) {
    if (state === "deferred" && notBefore !== undefined) counts.set(notBefore, (counts.get(notBefore) ?? 0) + 1);
  }
  return [...counts].map(([from, count]) => ({ from, count })).sort((one, other) => one.from - other.from);
}

function schedule(days: readonly Day[], now: number, { words, format }: Texts): HTMLElement {
  const entries = days.map(({ from, count }) =>
    el("li", {}, words.quota.waits(format.count(count), format.moment(from), format.distance(from, now))),
  );
  return el("div", { class: "gauge" }, el("h2", {}, words.quota.schedule), el("ul", { class: "plain" }, ...entries));
}
