/**
 * Editions of the prefetch API. `current` takes asset ids and URLs, and answers with a task id:
 * https://support.huaweicloud.com/api-vod/vod_04_0205.html. `id-only`, the first edition, takes asset ids and answers with
 * an empty body.
 */
export const editions = ["current", "id-only"] as const;
export type Edition = (typeof editions)[number];
