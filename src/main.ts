#!/usr/bin/env node
/**
 * The executable. It imports nothing statically: an outdated Node cannot load the rest, and this file must still run to report
 * that.
 */

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    `cdn-prefetch-mcp needs Node.js 22.19 or newer; this is ${process.versions.node}. Get it from https://nodejs.org.\n`,
  );
  process.exit(1);
}

const { run } = await import("./cli/run.ts");
await run(process.argv.slice(2), process.env);
