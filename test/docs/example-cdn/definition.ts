import { createHash } from "node:crypto";
import type { ProviderDefinition } from "../../../src/providers/definition.ts";
import { misconfigured, mustBeHeaderSafe, settingProblems } from "../../../src/providers/kit/settings.ts";

const id = "example-cdn";
const tokenName = "PREFETCH_EXAMPLE_CDN_TOKEN";
const settings = [{ name: tokenName, about: "API token of Example CDN.", secret: true, check: mustBeHeaderSafe }];

export const exampleCdn: ProviderDefinition = {
  id,
  title: "Example CDN",
  docs: "https://docs.example-cdn.com/api/prefetch",
  sandboxHosts: [],
  settings,
  read: (values) => {
    const token = values[tokenName];
    const problems = settingProblems(settings, values);
    if (token === undefined) return misconfigured(id, [`set ${tokenName}`]);
    if (problems.length > 0) return misconfigured(id, problems);
    const account = `${id}:${createHash("sha256").update(token).digest("hex").slice(0, 12)}`;
    return {
      ok: true,
      create: async (context) => {
        const { createExampleCdn } = await import("./prefetch.ts");
        return createExampleCdn({ endpoint: "https://api.example-cdn.com", token, account, ...context });
      },
    };
  },
};
