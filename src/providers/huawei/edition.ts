/**
 * Editions of the prefetch API: `current` takes asset ids and URLs and answers with a task id; `id-only`, the first
 * one, takes asset ids and answers with nothing.
 */
export const editions = ["current", "id-only"] as const;
export type Edition = (typeof editions)[number];
