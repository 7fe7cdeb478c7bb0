/** How code of ours becomes JavaScript that needs nothing else. */

export const bundling = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22.19",
  minify: true,
  legalComments: "none",
  // Bundled CommonJS packages call require(); ES modules have none of their own.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
} as const;
