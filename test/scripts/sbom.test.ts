import { readFile } from "node:fs/promises";
import { Version } from "@cyclonedx/cyclonedx-library/Spec";
import { JsonStrictValidator } from "@cyclonedx/cyclonedx-library/Validation";
import { expect, it } from "vitest";
import { z } from "zod";
import { sbomOf } from "../../scripts/sbom.ts";

const bomSchema = z.object({
  components: z.array(z.object({ "bom-ref": z.string(), purl: z.string(), licenses: z.array(z.unknown()).min(1) })).default([]),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});
const own = { name: "own", version: "1.2.3", fields: {} };
const validator = new JsonStrictValidator(Version.v1dot6);
const imports = (...paths: readonly string[]) => paths.map((path) => ({ path, kind: "import-statement" as const }));

it("the build writes a valid CycloneDX document that lists every bundled package with its licence", async () => {
  const text = await readFile("dist/sbom.cdx.json", "utf8");
  expect(await validator.validate(text)).toBeNull();
  expect(await validator.validate(text.replace('"bomFormat"', '"format"'))).not.toBeNull();
  const licences = await readFile("dist/third-party-licenses.txt", "utf8");
  const licensed = [...licences.matchAll(/^([\w@/.-]+) (\d+\.\d+\.\d+) \(/gm)].map(
    ([, name, version]) => `pkg:npm/${name?.replace("@", "%40")}@${version}`,
  );
  expect(licensed.length).toBeGreaterThan(20);
  expect(
    bomSchema
      .parse(JSON.parse(text))
      .components.map(({ purl }) => purl)
      .sort(),
  ).toEqual(licensed.sort());
});

it("sbomOf names each package once and says which package imports which", async () => {
  const inputs = {
    "src/main.ts": { bytes: 1, imports: imports("src/other.ts", "node_modules/pino/pino.js", "node:fs") },
    "src/other.ts": { bytes: 1, imports: imports("node_modules/zod/index.js") },
    "node_modules/pino/pino.js": { bytes: 1, imports: imports("node_modules/pino/lib/tools.js", "node_modules/sonic-boom/index.js") },
    "node_modules/pino/lib/tools.js": { bytes: 1, imports: [] },
    "node_modules/sonic-boom/index.js": { bytes: 1, imports: [] },
    "node_modules/zod/index.js": { bytes: 1, imports: [] },
  };
  const { dependencies, components } = bomSchema.parse(JSON.parse(await sbomOf({ inputs }, own)));
  const named = (ref: string) => ref.replace(/^pkg:npm\/(.*)@.*$/, "$1");
  expect(components.map((component) => named(component["bom-ref"]))).toEqual(["pino", "sonic-boom", "zod"]);
  expect(Object.fromEntries(dependencies.map(({ ref, dependsOn }) => [named(ref), dependsOn.map(named)]))).toEqual({
    own: ["pino", "zod"],
    pino: ["sonic-boom"],
    "sonic-boom": [],
    zod: [],
  });
});

it("sbomOf gives equal text for equal builds", async () => {
  const inputs = { "src/main.ts": { bytes: 1, imports: [] } };
  expect(await sbomOf({ inputs }, own)).toBe(await sbomOf({ inputs }, own));
});
