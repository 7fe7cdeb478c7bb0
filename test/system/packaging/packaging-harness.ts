/** Packs, installs and drives what users get, outside of the checkout. */

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { expect } from "vitest";
import { endOf, type ServerOptions, type Session, taskOf } from "../harness/clients-harness.ts";

export const root = join(import.meta.dirname, "../../..");
/** The oldest Node.js that package.json allows. */
export const OLDEST_NODE = "22.19.0";

/** npm and npx run on the Node.js of this test, whatever PATH has first. The cache is new, so that no earlier download helps. */
export const npmEnv = {
  PATH: [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
  npm_config_cache: mkdtempSync(join(tmpdir(), "npm-cache-")),
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
};

export function npm(args: readonly string[], cwd: string): void {
  // Windows has npm as a script, which only a shell starts.
  execFileSync("npm", args, { cwd, env: { ...process.env, ...npmEnv }, stdio: "pipe", shell: process.platform === "win32" });
}

export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "packaging-"));
}

/** The tarball that `npm pack` makes in a fresh clone with installed packages: a clone has no dist. */
export function packTarball(folder: string): string {
  const clone = join(folder, "clone");
  const left = new Set(["dist", "node_modules", ".git", "test"]);
  cpSync(root, clone, { recursive: true, filter: (path) => !left.has(relative(root, path)) });
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"), "junction");
  npm(["pack", "--pack-destination", folder], clone);
  const name = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  return join(folder, name ?? expect.unreachable("npm pack wrote no tarball"));
}

/** Every file below the folder, with its path from there. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => path.replaceAll("\\", "/"));
}

/** The links in the folder's pages that lead to no file of it. */
export function brokenLinks(folder: string): string[] {
  const pages = filesBelow(folder).filter((file) => file.endsWith(".md"));
  return pages.flatMap((page) => {
    const prose = readFileSync(join(folder, page), "utf8").replace(/```.*?```/gs, "");
    const links = [...prose.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(([, target = ""]) => target);
    return links.filter((target) => !existsSync(join(folder, dirname(page), target))).map((target) => `${page}: ${target}`);
  });
}

export function printSize(what: string, bytes: number): void {
  process.stderr.write(`${what}: ${Math.round(bytes / 1_000)} kB\n`);
}

/** Lists the tools and warms two URLs of the sandbox to the end. Provider `http` is the quickest: no vendor works on them. */
export async function expectToWork(open: (options: ServerOptions) => Promise<Session>, options: ServerOptions): Promise<void> {
  const session = await open(options);
  try {
    expect(await session.tools()).toHaveLength(7);
    const urls = ["https://cloudflare.example.org/1.mp4", "https://cloudflare.example.org/2.mp4"];
    const ended = await endOf(session, taskOf(await session.call("prefetch_urls", { urls })));
    expect(ended).toMatchObject({ state: "succeeded", counts: { succeeded: 2 } });
  } finally {
    await session.close();
  }
}

/** The oldest supported Node.js as a program, from the npm registry. `undefined`, with a printed reason, when it cannot be had. */
export function oldestNode(): string | undefined {
  if (process.versions.node === OLDEST_NODE) return process.execPath;
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(root, "node_modules/.cache/oldest-node", OLDEST_NODE);
  const program = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(program)) return program;
  try {
    // Without a network, retries would only delay the rest.
    npm(["install", "--prefix", folder, "--no-save", "--fetch-retries=0", `${name}@${OLDEST_NODE}`], root);
    return program;
  } catch (error) {
    process.stderr.write(`skipped on Node.js ${OLDEST_NODE}: npm could not install ${name}: ${String(error)}\n`);
    return undefined;
  }
}
