/**
 * Builds the view of a task: one page with its script and its style inside, and a policy that lets nothing else run or load.
 * Browsers compare the hashes in the policy with the text between the tags, so the page is written byte by byte.
 */

import { createHash } from "node:crypto";
import { build } from "esbuild";

/** Browsers with `light-dark()`, which hosts of MCP Apps run in. */
const target = ["chrome123", "firefox120", "safari17.5"];

export async function viewPage(): Promise<string> {
  const [script, style] = [await bundled("src/view/main.ts"), await bundled("src/view/page.css")];
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CDN prefetch</title>
<style>${style}</style>
</head>
<body>
<script>${script}</script>
</body>
</html>
`;
}

async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target,
    charset: "utf8",
    legalComments: "none",
  });
  return (outputFiles[0]?.text ?? "").trim();
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
