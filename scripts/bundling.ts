/** esbuild options that the build and the benchmarks share. */

export const bundling = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22.19",
  minify: true,
  legalComments: "none",
  // Bundled CommonJS packages call require(), which an ES module does not have.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
} as const;

/** Entry points of threads. The code that starts a thread looks for its file beside the chunk that it is in. */
export const threadEntries = {
  "storage-thread": "src/storage/thread/storage-thread.ts",
  "stream-thread": "src/media/thread/stream-thread.ts",
  "sitemap-thread": "src/sitemaps/thread/sitemap-thread.ts",
};
