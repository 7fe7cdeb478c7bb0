/** The usual sequence of tool calls, for hosts that offer prompts to their users. */

import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

const argsSchema = z.object({
  what: z.string().trim().min(1).max(100_000).describe("An asset id, or URLs separated by spaces or line breaks."),
});

export function registerPublishAndWarm(server: McpServer): void {
  server.registerPrompt(
    "publish_and_warm",
    {
      title: "Publish and warm",
      description: "Warm newly published content, follow the task to its end, and report which URLs are warm and which are not.",
      argsSchema,
    },
    ({ what }) => ({ messages: [{ role: "user", content: { type: "text", text: instructionsFor(what) } }] }),
  );
}

function instructionsFor(what: string): string {
  return [
    "Warm the CDN for this newly published content:",
    what,
    "",
    "1. Call prefetch_urls once with all URLs, or prefetch_asset with the asset id. For playlists (.m3u8, .mpd) pass expand streams. For more than 100 URLs call with dry_run true first and tell me the cost.",
    "2. Call get_prefetch_status with wait_seconds 50 until the state is final. Follow next_step.",
    "3. Call verify_prefetch with the task_id.",
    "4. Report how many URLs are warm. Name each URL that is not warm, with its reason and the fix.",
  ].join("\n");
}
