/** Next steps and hints in the words of the shell: tools write them for MCP clients. */

/**
 * Tools and arguments, and what stands for them in a shell; longer forms first. A tool without a command keeps its name, with the
 * way to it.
 */
const words: readonly (readonly [pattern: RegExp, shell: string])[] = [
  [/\b[Cc]all get_prefetch_status with task_id (pf_[\w-]+) and wait_seconds \d+/g, "Run cdn-prefetch-mcp status $1 --wait 60"],
  [/\b[Cc]all get_prefetch_status with task_id (pf_[\w-]+)/g, "Run cdn-prefetch-mcp status $1"],
  [/\b[Cc]all (?:prefetch_urls|prefetch_asset)\b/g, "run cdn-prefetch-mcp warm"],
  // The command lists the newest tasks and takes no filter.
  [/\b[Cc]all list_prefetch_tasks, with url to find the task of a URL,/g, "Run cdn-prefetch-mcp status, which lists the newest tasks,"],
  [/ ?list_prefetch_tasks with url names the task of a single URL\./g, ""],
  [/\b[Cc]all list_prefetch_tasks\b/g, "Run cdn-prefetch-mcp status"],
  // Commands wait for outcomes only.
  [/, or with wait_seconds \d+, which asks every 5 seconds/g, ""],
  [/ ?The task has more URLs: call again with next_cursor\./g, ""],
  [/\bget_prefetch_status\b/g, "cdn-prefetch-mcp status"],
  [/\blist_prefetch_tasks\b/g, "cdn-prefetch-mcp status"],
  [/\bget_prefetch_quota\b/g, "cdn-prefetch-mcp quota"],
  [/\bprefetch_asset\b/g, "cdn-prefetch-mcp warm --asset"],
  [/\bprefetch_urls\b/g, "cdn-prefetch-mcp warm"],
  [/(?<=^|[.:] )(?:verify_prefetch|cancel_prefetch)\b/g, "The MCP tool $&"],
  [/(?<!MCP tool )\b(?:verify_prefetch|cancel_prefetch)\b/g, "the MCP tool $&"],
  [/\btask_id (?=pf_)/g, ""],
  [/\bon_quota_exceeded (?:"(\w+)")/g, "--on-quota-exceeded $1"],
  [/\bexpand (?:"(\w+)")/g, "--expand $1"],
  [/\bforce true\b/g, "--force"],
  [/\bdry_run\b/g, "--dry-run"],
  [/\bwait_seconds \d+/g, "--wait"],
];

export function inShellWords(text: string): string {
  return words.reduce((worded, [pattern, shell]) => worded.replace(pattern, shell), text);
}
