import { expect, it } from "vitest";
import { holdingOf } from "../../../src/prefetch/calls/holding.ts";
import type { HeldItems } from "../../../src/prefetch/model/storage.ts";

const group = (owner: string | undefined, isSent: boolean, items: number, at = 0): HeldItems => ({ owner, isSent, items, at });
const silentUntil: Readonly<Record<string, number>> = { dead: 70, dying: 90 };

it("counts items of living holders, lost items and items of silent holders apart", () => {
  const held = [
    group(undefined, true, 1, 40),
    group(undefined, true, 2, 50),
    group("alive", true, 4),
    group("alive", false, 8),
    group("dead", true, 16, 1_000),
    group("dead", false, 32),
    group("dying", false, 64),
  ];
  expect(holdingOf(held, (owner) => silentUntil[owner])).toEqual({
    sending: 4,
    lost: { items: 3, at: 50 },
    silent: { items: 112, sent: 16, at: 90 },
  });
});

it("counts none of the items that only wait", () => {
  expect(holdingOf([group("alive", false, 8)], () => undefined)).toEqual({ sending: 0, lost: undefined, silent: undefined });
});
