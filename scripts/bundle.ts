/** Writes cdn-prefetch-mcp.mcpb, which MCP hosts install with a double click. Usage: `npm run bundle`. */

import { packBundle } from "./mcpb/pack.ts";
import { BUNDLE_FILE } from "./mcpb/server-json.ts";

const bytes = await packBundle(BUNDLE_FILE);
process.stdout.write(`${BUNDLE_FILE} written: ${Math.round(bytes / 1_000)} kB\n`);
