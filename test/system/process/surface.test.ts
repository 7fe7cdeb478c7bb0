/** The tool list that clients see: names, schemas, annotations, and its size in tokens. */

import { afterEach, describe, expect, it } from "vitest";
import { providerDefinitions } from "../../../src/providers/index.ts";
import { type Session, sessions } from "../harness/clients-harness.ts";

/** Characters of JSON that the tools may take from every conversation. */
const BUDGET = 14_000;

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: Schema;
  readonly outputSchema?: Schema;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

let session: Session | undefined;
afterEach(() => session?.close());

describe.each(sessions)("tools/list for the %s", (generation, start) => {
  it("is as agreed, small, and in the dialect that every host understands", async () => {
    session = await start({ args: ["--sandbox"] });
    const listed = JSON.stringify(await session.tools());
    const tools = JSON.parse(listed) as ListedTool[];
    const ids = providerDefinitions.map(({ id }) => id).join(", ");
    expect(JSON.parse(listed.replaceAll(ids, "{every provider}"))).toMatchSnapshot();
    expect(JSON.stringify(tools).length).toBeLessThanOrEqual(BUDGET);
    for (const tool of tools) {
      const text = JSON.stringify(tool);
      expect(tool.name).toMatch(/^[a-z_]{1,64}$/);
      expect(tool.title).toBeTruthy();
      expect(tool.description).toMatch(/^Use this /);
      expect(tool.description?.length).toBeLessThan(500);
      expect(Object.keys(tool.annotations ?? {}).sort()).toEqual(["destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint"]);
      // Gemini, Cursor and VS Code each refuse some of these.
      expect(text).not.toMatch(/"(oneOf|anyOf|allOf|\$ref|\$schema|\$defs|format)":/);
      expect(tool.inputSchema.type).toBe("object");
      expect(tool.outputSchema?.type).toBe("object");
      for (const [name, property] of Object.entries(tool.inputSchema.properties ?? {})) {
        expect(property.description, `${tool.name}.${name}`).toBeTruthy();
        if (property.type === "array") expect(property.items?.type).toBe("string");
      }
    }
  });

  it("says with every answer that it is the sandbox", async () => {
    session = await start({ args: ["--sandbox"] });
    expect(session.generation).toBe(generation.startsWith("2026") ? "modern" : "legacy");
    expect(session.instructions()).toMatch(/no real CDN is touched.*Warms CDNs/s);
    const answers = [
      await session.call("get_prefetch_quota", {}),
      await session.call("prefetch_urls", { urls: [] }),
      { text: await session.read("prefetch://quota") },
    ];
    for (const answer of answers) expect(answer.text).toMatch(/no real CDN is touched/);
  });
});
