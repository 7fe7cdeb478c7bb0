/** Schemas as `tools/list` publishes them. */

import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import { z } from "zod";

/** Metadata of an object whose members explain themselves: the published schema does not list them, to save tokens. */
export const brief = { brief: true } as const;

type Validate = StandardSchemaWithJSON["~standard"]["validate"];

/** Lets every value pass: `parseArguments` validates, because its messages help a model more than the SDK's. */
export function publishedInput(shape: Readonly<Record<string, z.ZodType>>, hidden: readonly string[] = []): StandardSchemaWithJSON {
  const shown = Object.fromEntries(Object.entries(shape).filter(([name]) => !hidden.includes(name)));
  return published(jsonSchema(z.strictObject(shown), "input"), (value) => ({ value }));
}

export function publishedOutput(schema: z.ZodObject): StandardSchemaWithJSON {
  return published(jsonSchema(schema, "output"), schema["~standard"].validate);
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      // Promises about a result that only cost a model's tokens: Zod strips unknown keys, and an answer shows which fields it has.
      if (io === "output") {
        delete jsonSchema.additionalProperties;
        delete jsonSchema.required;
      }
      if (jsonSchema.brief !== true) return;
      delete jsonSchema.brief;
      delete jsonSchema.properties;
      delete jsonSchema.required;
    },
  });
  return json;
}

function published(json: Record<string, unknown>, validate: Validate): StandardSchemaWithJSON {
  return {
    "~standard": { version: 1, vendor: "cdn-prefetch-mcp", validate, jsonSchema: { input: () => json, output: () => json } },
  };
}
