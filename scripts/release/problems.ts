/** The rules that a release keeps. */

import { type PackageFields, repositoryPage } from "../package-fields.ts";

/** Stands in package.json for the GitHub account that will own the project, and in every file that is generated from it. */
export const PLACEHOLDER = "OWNER";

/** The sentence of both READMEs that the first release makes untrue. */
const unpublished = /\*\*(?:Nothing is published yet|目前尚未发布任何版本)\*\*/;

export interface ReleaseState {
  readonly fields: Pick<PackageFields, "version" | "mcpName" | "repository">;
  /** Contents by path of the files that carry names or addresses of the project. */
  readonly carriers: Readonly<Record<string, string>>;
  readonly changelog: string;
  /** The pushed tag; `undefined` outside of the release workflow. */
  readonly tag: string | undefined;
}

/** One sentence with its remedy for each broken rule. */
export function releaseProblems({ fields, carriers, changelog, tag }: ReleaseState): string[] {
  const { version, mcpName } = fields;
  const problems = Object.entries(carriers).flatMap(([path, text]) => {
    const count = text.match(new RegExp(`\\b${PLACEHOLDER}\\b`, "g"))?.length ?? 0;
    if (count === 0) return [];
    const remedy = path === "package.json" ? "put the GitHub account there" : "run npm run generate after package.json is right";
    return [`${path} has the placeholder ${PLACEHOLDER} in ${count} places: ${remedy}.`];
  });
  for (const [path, text] of Object.entries(carriers)) {
    if (unpublished.test(text)) problems.push(`${path} says that nothing is published yet: delete that sentence.`);
  }
  const owner = new URL(repositoryPage(fields)).pathname.split("/")[1] ?? "";
  if (mcpName.split("/")[0] !== `io.github.${owner}`) {
    problems.push(`package.json: mcpName must begin with io.github.${owner}/, because the MCP registry knows that account as the owner.`);
  }
  if (tag !== undefined && tag !== `v${version}`) {
    problems.push(`The tag is ${tag}, but package.json has version ${version}: tag v${version}, or change the version first.`);
  }
  if (notesOf(changelog, version) === undefined) {
    problems.push(`CHANGELOG.md has no section for ${version}: rename "Unreleased" to "${version} - <date>" and begin a new one.`);
  }
  return problems;
}

/** The changelog's section about a version, without its heading. `undefined` when it is missing or empty. */
export function notesOf(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => new RegExp(`^\\[?${version.replaceAll(".", "\\.")}\\]?(?:\\s|$)`).test(text));
  const notes = section?.slice(section.indexOf("\n")).trim();
  return notes === "" ? undefined : notes;
}
