/** The vendor's comma-separated lists: `"1, 2,1"` becomes `["1", "2"]`. */
export function listOf(text: string | null | undefined): string[] {
  return [...new Set((text ?? "").split(",").map((part) => part.trim()))].filter(Boolean);
}
