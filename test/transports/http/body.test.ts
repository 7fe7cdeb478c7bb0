import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type BodyLimits, readBody } from "../../../src/transports/http/body.ts";

const CHUNK = 65_536;

/** A request whose body arrives in chunks, and limits that let it pass. */
function arriving(body: string, more: Partial<BodyLimits>) {
  const request = new IncomingMessage(new Socket());
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += CHUNK) request.push(bytes.subarray(at, at + CHUNK));
  request.push(null);
  const never = new AbortController().signal;
  const limits: BodyLimits = {
    permit: { reserve: () => true },
    maySpend: true,
    deadline: never,
    askForBody: () => undefined,
    breathe: () => undefined,
    ...more,
  };
  return readBody(request, limits);
}

const listOf = (count: number, length: number): string => JSON.stringify(Array.from({ length: count }, () => "x".repeat(length)));
const wrapped = (list: string): string => `{"urls":${list}}`;

describe("readBody", () => {
  it("lets other connections be served between the chunks and between the values of a large body", async () => {
    const events: string[] = [];
    let isDone = false;
    const probe = async (): Promise<void> => {
      for (; !isDone; await nextTurn()) events.push("probe");
    };
    const breathe = async (): Promise<void> => {
      events.push("pause");
      await nextTurn();
    };
    const probing = probe();
    const body = await arriving(wrapped(listOf(1_000, 1_000)), { breathe });
    isDone = true;
    await probing;
    expect(body).toMatchObject({ ok: true, message: { urls: { length: 1_000 } } });
    const chunks = Math.floor((1_000_000 - 262_144) / CHUNK);
    expect(events.filter((event) => event === "pause").length).toBeGreaterThanOrEqual(chunks + 1_000);
    // Within a turn, the probe may come first or last.
    expect(events.join(" ").includes("pause pause pause")).toBe(false);
  });

  it("does not pause for a small body", async () => {
    const breathe = () => {
      throw new Error("It paused");
    };
    expect(await arriving(wrapped(listOf(100, 100)), { breathe })).toMatchObject({ ok: true });
  });

  it("gives a large body that is not JSON back as malformed", async () => {
    expect(await arriving(`${wrapped(listOf(1_000, 1_000))},`, {})).toEqual({ ok: false, problem: "malformed" });
  });

  it("stops at the chunk that exceeds a limit", async () => {
    let reserved = 0;
    const permit = {
      reserve: (bytes: number) => {
        reserved += bytes;
        return true;
      },
    };
    const body = `${wrapped(listOf(20_000, 1))}${" ".repeat(10_000)}`;
    expect(await arriving(body, { permit })).toEqual({ ok: false, problem: "too_many_values" });
    expect(reserved).toBeLessThan(2 * CHUNK + 20_000 * 1_024);
  });
});
