/** Node.js, the platform and the version of this program. */

import manifest from "../../../../package.json" with { type: "json" };
import { version } from "../../../base/version.ts";
import { type Finding, rowsOf } from "./finding.ts";

export interface Machine {
  /** Such as "24.1.0". */
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  /** The range of Node.js versions that the package declares, such as ">=22.19". */
  readonly engines: string;
}

export function thisMachine(): Machine {
  return { node: process.versions.node, platform: process.platform, arch: process.arch, engines: manifest.engines.node };
}

export function checkProgram({ node, platform, arch, engines }: Machine): Finding[] {
  const rows = rowsOf("program");
  const least = engines.replace(/^>=/, "");
  const says = `Node.js ${node} on ${platform} ${arch}; ${least} or newer is needed.`;
  return [
    rows.ok("version", `cdn-prefetch-mcp ${version}.`),
    isAtLeast(node, least)
      ? rows.ok("node", says)
      : rows.failed("node", says, "Install a newer Node.js from https://nodejs.org, and make sure that the client starts that one."),
  ];
}

/** Compares versions such as 22.19 and 24.1.0 number by number. */
function isAtLeast(version: string, least: string): boolean {
  const [given, wanted] = [version, least].map((text) => text.split(".").map((part) => Number.parseInt(part, 10)));
  for (const [index, part] of (wanted ?? []).entries()) {
    const other = given?.[index] ?? 0;
    if (other !== part) return other > part;
  }
  return true;
}
