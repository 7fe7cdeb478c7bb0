/** The tool list that clients see: names, schemas, annotations, and its size in tokens. */

import { afterEach, describe, expect, it } from "vitest";
import { type Session, sessions } from "../harness/clients-harness.ts";

/** Characters of JSON that the tools may take from every conversation. Hosts keep `_meta` to themselves, so it does not count. */
const BUDGET = 14_000;

interface Schema {
  readonly type?: unknown;
  readonly description?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
}

/**
 * Keywords of arguments that the large clients take: Gemini, Cursor and VS Code each refuse some of the rest, such as unions,
 * references, formats, patterns, constants and exclusive bounds. Models never see output schemas.
 */
const KEYWORDS = [
  "type",
  "description",
  "properties",
  "required",
  "items",
  "enum",
  "minimum",
  "maximum",
  "default",
  "additionalProperties",
];
const TYPES = ["object", "array", "string", "number", "integer", "boolean"];

/** The places in a schema that break a rule of a large client, such as "urls: an array without items". */
function refusals(schema: Schema, place: string): string[] {
  const { type, items, properties = {}, required = [], enum: words } = schema;
  const broken = [
    ...Object.keys(schema).flatMap((keyword) => (KEYWORDS.includes(keyword) ? [] : [`the keyword ${keyword}`])),
    ...(typeof type === "string" && TYPES.includes(type) ? [] : [`the type ${JSON.stringify(type)}`]),
    ...(type === "array" && typeof items?.type !== "string" ? ["an array without items"] : []),
    ...(words && (type !== "string" || !words.every((word) => typeof word === "string")) ? ["an enum of other values than texts"] : []),
    ...required.flatMap((name) => (name in properties ? [] : [`requires ${name}, which it lacks`])),
    ...Object.keys(properties).flatMap((name) => (/^[a-zA-Z0-9_]{1,64}$/.test(name) ? [] : [`the name ${name}`])),
  ];
  return [
    ...broken.map((what) => `${place}: ${what}`),
    ...Object.entries(properties).flatMap(([name, property]) => refusals(property, `${place}.${name}`)),
    ...(items ? refusals(items, `${place}[]`) : []),
  ];
}

interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: Schema;
  readonly outputSchema?: Schema;
  readonly annotations?: Readonly<Record<string, unknown>>;
  readonly _meta?: unknown;
}

/** The tool as a model gets it. */
function forModels({ _meta: _, ...tool }: ListedTool): ListedTool {
  return tool;
}

let session: Session | undefined;
afterEach(() => session?.close());

describe.each(sessions)("tools/list for the %s", (generation, start) => {
  it("is as agreed, small, and in the dialect that every host understands", async () => {
    session = await start({ args: ["--sandbox"], env: { PREFETCH_CONFIRM_ABOVE: "1000" } });
    const listed = JSON.stringify(await session.tools());
    const tools = JSON.parse(listed) as ListedTool[];
    expect(tools).toMatchSnapshot();
    expect(JSON.stringify(tools.map(forModels)).length).toBeLessThanOrEqual(BUDGET);
    for (const tool of tools) {
      const text = JSON.stringify(tool);
      expect(tool.name).toMatch(/^[a-z_]{1,64}$/);
      expect(tool.title).toBeTruthy();
      expect(tool.description).toMatch(/^Use this /);
      expect(tool.description?.length).toBeLessThan(500);
      expect(Object.keys(tool.annotations ?? {}).sort()).toEqual(["destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint"]);
      // Gemini, Cursor and VS Code each refuse some of these.
      expect(text).not.toMatch(/"(oneOf|anyOf|allOf|\$ref|\$schema|\$defs|format)":/);
      expect(refusals(tool.inputSchema, tool.name)).toEqual([]);
      expect(tool.inputSchema.type).toBe("object");
      expect(tool.outputSchema?.type).toBe("object");
      for (const [name, property] of Object.entries(tool.inputSchema.properties ?? {})) {
        expect(property.description, `${tool.name}.${name}`).toBeTruthy();
        if (property.type === "array") expect(property.items?.type).toBe("string");
      }
    }
  });

  it("says with every answer that it is the sandbox", async () => {
    session = await start({ args: ["--sandbox"], env: { PREFETCH_CONFIRM_ABOVE: "1000" } });
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

describe("the rules of the large clients", () => {
  it.each<[string, Schema & Readonly<Record<string, unknown>>, string]>([
    ["a union", { type: "object", anyOf: [] }, "tool: the keyword anyOf"],
    ["a list of types", { type: ["string", "null"] }, 'tool: the type ["string","null"]'],
    ["an array of anything", { type: "array" }, "tool: an array without items"],
    ["an enum of numbers", { type: "number", enum: [1] }, "tool: an enum of other values than texts"],
    ["a format", { type: "object", properties: { url: { type: "string", format: "uri" } as Schema } }, "tool.url: the keyword format"],
    [
      "a name that is too long",
      { type: "object", properties: { ["a".repeat(65)]: { type: "string" } } },
      `tool: the name ${"a".repeat(65)}`,
    ],
    ["a required argument that is not there", { type: "object", required: ["a"] }, "tool: requires a, which it lacks"],
  ])("find %s", (_, schema, refusal) => {
    expect(refusals(schema, "tool")).toEqual([refusal]);
  });
});
