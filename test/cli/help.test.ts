import { expect, it } from "vitest";
import { helpText } from "../../src/cli/help.ts";
import { allSettings } from "../../src/cli/settings.ts";
import { providerDefinitions } from "../../src/providers/index.ts";

it("helpText lists every setting with its flag", () => {
  const help = helpText("1.2.3");
  for (const { name, flag, about } of allSettings) {
    expect(help).toMatch(new RegExp(`^  ${flag === undefined ? "" : `--${flag}( <value>)?, `}${name}$`, "m"));
    expect(help).toContain(`      ${about}`);
  }
  for (const { title, id } of providerDefinitions) expect(help).toContain(`${title} (${id}), by environment only:`);
  expect(help).toContain("--routes <value>, PREFETCH_ROUTES");
  expect(help).toContain("cdn-prefetch-mcp 1.2.3");
});
