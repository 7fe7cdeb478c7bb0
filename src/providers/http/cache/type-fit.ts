/** Whether an answer's type fits the file name in the URL: an error page with status 200 is a common trap. */

import type { Obstacle } from "../../../prefetch/model/edge.ts";
import { firstOf, type HeaderLines } from "./headers.ts";

const page = /^(?:text\/html|application\/xhtml\+xml|application\/(?:[\w.-]+\+)?json)$/;

/** The types that no file of these extensions has. Servers give many names to one type of media, so only clear misfits count. */
const misfits: readonly (readonly [extensions: RegExp, types: RegExp])[] = [
  [/^(?:mp4|m4[svaip]|cmf[vat]|ts|m2ts|aac|ac3|ec3|mp3|ogg|opus|wav|flac|webm|mkv|mov|flv|avi|wmv)$/, /^image\//],
  [/^(?:jpe?g|png|gif|webp|avif|bmp|ico|heic)$/, /^(?:video|audio)\//],
  [/^(?:m3u8|mpd)$/, /^(?:image|video\/mp[24])/],
  [/^(?:vtt|srt|css|m?js|woff2?|ttf|otf|zip|gz|bz2|zst|7z|rar|tar|pdf|apk|exe|dmg|iso|bin|wasm)$/, /^(?:image|video|audio)\//],
];

function extensionOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? "";
  return /\.([a-z0-9]{1,8})$/i.exec(path)?.[1]?.toLowerCase() ?? "";
}

/** `undefined` if the type fits, or if the name or the answer does not tell. */
export function misfitOf(url: string, headers: HeaderLines): Obstacle | undefined {
  const extension = extensionOf(url);
  const type = firstOf(headers, "content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  const [, strange] = misfits.find(([extensions]) => extensions.test(extension)) ?? [];
  if (!strange || !(page.test(type) || strange.test(type))) return undefined;
  return {
    code: "type-misfit",
    reason: `The answer is of type ${type.slice(0, 60)}, which does not fit the name .${extension}.`,
    change: "Check that the URL serves the file, and not a page about an error or a login.",
  };
}
