import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { onAbort } from "../../../src/providers/http/on-abort.ts";

it("tells everybody who still waits, once, by a single listener", () => {
  const stop = new AbortController();
  const told: string[] = [];
  onAbort(stop.signal, () => told.push("first"));
  const over = onAbort(stop.signal, () => told.push("second"));
  onAbort(stop.signal, () => told.push("third"));
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(1);
  over();
  stop.abort();
  expect(told).toEqual(["first", "third"]);
  over();
  expect(told).toHaveLength(2);
});

it("keeps those apart who wait with the same function", () => {
  const stop = new AbortController();
  let told = 0;
  const tell = (): void => {
    told += 1;
  };
  const over = onAbort(stop.signal, tell);
  onAbort(stop.signal, tell);
  over();
  stop.abort();
  expect(told).toBe(1);
});

it("lets who is told begin to wait for something else", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  let told = false;
  onAbort(first.signal, () => {
    onAbort(second.signal, () => {
      told = true;
    });
  });
  first.abort();
  second.abort();
  expect(told).toBe(true);
});
