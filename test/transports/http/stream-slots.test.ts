import { expect, it } from "vitest";
import { createStreamSlots } from "../../../src/transports/http/stream-slots.ts";

it("createStreamSlots limits each tenant by itself and counts a repeated release once", () => {
  const slots = createStreamSlots(2);
  const first = slots.acquire("one");
  expect(slots.acquire("one")).toBeDefined();
  expect(slots.acquire("one")).toBeUndefined();
  expect(slots.acquire("two")).toBeDefined();
  first?.();
  first?.();
  expect(slots.acquire("one")).toBeDefined();
  expect(slots.acquire("one")).toBeUndefined();
});
