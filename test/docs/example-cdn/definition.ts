import { createHash } from "node:crypto";
import type { ProviderDefinition } from "../../../src/providers/definition.ts";
import { isHeaderSafe } from "../../../src/providers/kit/checks.ts";

const tokenName = "PREFETCH_EXAMPLE_CDN_TOKEN";

export const exampleCdn: ProviderDefinition = {
  id: "example-cdn",
  title: "Example CDN",
  docs: "https://docs.example-cdn.com/api/prefetch",
  settings: [{ name: tokenName, about: "API token of Example CDN.", secret: true }],
  read: (values) => {
    const token = values[tokenName];
    if (token === undefined) return { ok: false, problem: `example-cdn: set ${tokenName}.` };
    if (!isHeaderSafe(token)) return { ok: false, problem: `example-cdn: ${tokenName} must be ASCII without blanks.` };
    const account = `example-cdn:${createHash("sha256").update(token).digest("hex").slice(0, 12)}`;
    return {
      ok: true,
      create: async (context) => {
        const { createExampleCdn } = await import("./prefetch.ts");
        return createExampleCdn({ endpoint: "https://api.example-cdn.com", token, account, ...context });
      },
    };
  },
};
