/**
 * Writes the bill of materials of the bundle: every npm package in it, and which package imports which. `npm audit` sees no
 * dependency in a bundle, so scanners read this file instead. Format: https://cyclonedx.org/docs/1.6/json/
 */

import { Builders, Factories } from "@cyclonedx/cyclonedx-library/Contrib/FromNodePackageJson";
import { Factories as LicenseFactories } from "@cyclonedx/cyclonedx-library/Contrib/License";
import { ComponentType } from "@cyclonedx/cyclonedx-library/Enums";
import { Bom, type Component, Metadata } from "@cyclonedx/cyclonedx-library/Models";
import { JSON as Json, JsonSerializer } from "@cyclonedx/cyclonedx-library/Serialize";
import { Spec1dot6 } from "@cyclonedx/cyclonedx-library/Spec";
import type { Metafile } from "esbuild";
import { PackageURL } from "packageurl-js";
import { type BundledPackage, bundledPackages, folderOf } from "./bundled-packages.ts";

/** The package that the bundle is built from. */
type OwnPackage = Pick<BundledPackage, "name" | "version" | "fields">;

const licenses = new LicenseFactories.LicenseFactory(() => {
  // The library then keeps an expression, such as "(MIT OR CC0-1.0)", as the licence's name.
  throw new Error("no parser of licence expressions");
});
const builder = new Builders.ComponentBuilder(new Factories.ExternalReferenceFactory(), licenses);

/** CycloneDX JSON. It has no time and no serial number, so equal builds give equal files. */
export async function sbomOf(metafile: Pick<Metafile, "inputs">, own: OwnPackage): Promise<string> {
  const root = componentOf(own, ComponentType.Application);
  const bom = new Bom({ metadata: new Metadata({ component: root }) });
  const components = new Map((await bundledPackages(metafile)).map((found) => [found.folder, componentOf(found, ComponentType.Library)]));
  for (const component of components.values()) bom.components.add(component);
  for (const [importer, imported] of importsIn(metafile)) {
    const target = components.get(imported);
    if (target) (components.get(importer) ?? root).dependencies.add(target.bomRef);
  }
  const json = new JsonSerializer(new Json.Normalize.Factory(Spec1dot6)).serialize(bom, { sortLists: true, space: 2 });
  return `${json}\n`;
}

function componentOf({ name, version, fields }: OwnPackage, type: ComponentType): Component {
  const component = builder.makeComponent({ ...fields, name, version }, type);
  if (component === undefined) throw new Error(`package.json of ${name} has no usable name`);
  const [own = name, scope] = name.split("/").reverse();
  component.purl = new PackageURL("npm", scope, own, version, undefined, undefined).toString();
  component.bomRef.value = component.purl;
  return component;
}

/** Pairs of the folders of an importing package, "" for the project itself, and of another package that it imports. */
function importsIn({ inputs }: Pick<Metafile, "inputs">): [importer: string, imported: string][] {
  return Object.entries(inputs).flatMap(([path, { imports }]) => {
    const importer = folderOf(path) ?? "";
    return imports.flatMap((target): [string, string][] => {
      const imported = folderOf(target.path);
      return imported === undefined || imported === importer ? [] : [[importer, imported]];
    });
  });
}
