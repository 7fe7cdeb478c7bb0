/** Manifests that would hold the event loop, fill the memory or end the process of a reader without bounds. */

import { gzipSync } from "node:zlib";

const HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
const BIG = 8_380_000;

/** As many pieces as a manifest may hold. */
function many(begin: string, piece: string | ((nth: number) => string), count = Number.POSITIVE_INFINITY): string {
  if (typeof piece === "string") return begin + piece.repeat(Math.floor((BIG - begin.length) / piece.length));
  const pieces = [begin];
  let length = begin.length;
  for (let nth = 0; nth < count && length < BIG; nth += 1) length += pieces[pieces.push(piece(nth)) - 1]?.length ?? 0;
  return length > BIG ? pieces.slice(0, -1).join("") : pieces.join("");
}

const mpd = (inner: string, duration = "PT800S") =>
  `<MPD type="static" mediaPresentationDuration="${duration}"><Period><AdaptationSet mimeType="video/mp4">${inner}</AdaptationSet></Period></MPD>`;
const video = (template: string) => `<Representation id="v" bandwidth="1"><SegmentTemplate ${template}/></Representation>`;
const long = (name: string) => `#EXT-X-DEFINE:NAME="${name}",VALUE="${"x".repeat(8_000)}"\n`;

const filled = (before: string, filler: string, after = "") =>
  `${many(`${HEAD}${before}`, filler.repeat(1_000))}${after}\n#EXTINF:1,\na.m4s\n`;
const sets = (count: number, piece: (nth: number) => string) => mpd(Array.from({ length: count }, (_, nth) => piece(nth)).join(""));
const entries = (inner: string) =>
  mpd(
    `<Representation id="v"><SegmentTemplate media="$Number$.m4s"><SegmentTimeline>${inner}</SegmentTimeline></SegmentTemplate></Representation>`,
  );
const text = (piece: string) =>
  mpd(`<Representation id="v"><BaseURL>${many("", piece).slice(0, -1_000 * piece.length)}</BaseURL></Representation>`);

const bomb = gzipSync(Buffer.alloc(100_000_000), { level: 1 });

/** Manifests that are large, or that ask for much work, each within the size that is read. */
export const hostile: Readonly<Record<string, string | Uint8Array>> = {
  "100,000 segments.m3u8": many(HEAD, (nth) => `#EXTINF:6,\nvideo/${nth}.m4s\n`, 99_990),
  "8 MiB of short lines.m3u8": many(HEAD, (nth) => `${nth.toString(36)}\n`),
  "8 MiB of one line.m3u8": many(HEAD, "#EXTINF:1,\na\n"),
  "8 MiB of line ends.m3u8": many(HEAD, "\r".repeat(1_000)),
  "8 MiB of attributes.m3u8": many(`${HEAD}#EXT-X-MEDIA:`, (nth) => `A${nth}=1,`),
  "8 MiB of quotes.m3u8": many(`${HEAD}#EXT-X-MEDIA:`, ',="'),
  "8 MiB of date ranges.m3u8": many(
    HEAD,
    (nth) => `#EXT-X-DATERANGE:ID="${nth}",START-DATE="2026-01-01T00:00:00Z",X-ASSET-LIST="${nth}"\n`,
  ),
  "8 MiB of parts.m3u8": many(`${HEAD}#EXT-X-PART-INF:PART-TARGET=1\n`, (nth) => `#EXT-X-PART:DURATION=1,URI="${nth}"\n`),
  "long variables.m3u8": many(`${HEAD}${long("v")}`, (nth) => `#EXTINF:1,\n{$v}/${nth}\n`),
  "unclosed references.m3u8": many(`${HEAD}#EXTINF:1,\n`, "{$aaaaaaaa"),
  "doubled variables.m3u8": many(
    `${HEAD}#EXT-X-DEFINE:NAME="v0",VALUE="xx"\n`,
    (nth) => `#EXT-X-DEFINE:NAME="v${nth + 1}",VALUE="{$v${nth}}{$v${nth}}"\n`,
    60,
  ),
  "9,000 variants.m3u8": many("#EXTM3U\n", (nth) => `#EXT-X-STREAM-INF:BANDWIDTH=${nth}\n${nth}.m3u8\n`, 9_000),
  "a gzip bomb.m3u8": bomb,
  "8 MiB of comments.mpd": many("", "<!---->"),
  "8 MiB of blanks.mpd": many("<MPD ", " ".repeat(1_000)),
  "8 MiB of elements.mpd": many("<MPD>", "<a>"),
  "8 MiB of entities.mpd": many("<MPD>", "&"),
  "a wide number.mpd": mpd(video('media="$Number%060000d$.m4s" duration="1"')),
  // One text larger than the heap ends the whole process and not just the thread.
  "a repeated query.mpd": mpd(
    `<SupplementalProperty schemeIdUri="urn:mpeg:dash:urlparam:2014"><UrlQueryInfo queryTemplate="${"$querypart$".repeat(5_000)}" queryString="${"q".repeat(60_000)}"/></SupplementalProperty>${video('media="$Number$" duration="1"')}`,
  ),
  "a repeated id.mpd": mpd(
    `<Representation id="${"i".repeat(60_000)}"><SegmentTemplate media="${"$RepresentationID$".repeat(3_000)}$Number$" duration="1"/></Representation>`,
  ),
  "9,000 representations.mpd": mpd(
    `<SegmentTemplate media="$RepresentationID$/$Number$" duration="100"/>${many("", (nth) => `<Representation id="${nth}" bandwidth="1"/>`, 9_000)}`,
  ),
  "100,000 segments.mpd": mpd(video('media="$Number$.m4s" duration="1"'), "PT99990S"),
  // To split one of these lists at once, or to copy it, takes more than the heap.
  "8 MiB of cues.m3u8": filled('#EXT-X-DATERANGE:X-ASSET-URI="a",CUE="', ",", '"'),
  "8 MiB of a byte range.m3u8": filled("#EXT-X-BYTERANGE:", "@"),
  "8 MiB of a part's range.m3u8": filled('#EXT-X-PART:URI="a",BYTERANGE="', "@", '"'),
  "8 MiB of codecs.m3u8": filled('#EXT-X-STREAM-INF:CODECS="', ",", '"\na.m3u8'),
  "8 MiB of a variable's name.m3u8": filled('#EXT-X-DEFINE:IMPORT="', "n", '"'),
  "8 MiB of references.m3u8": filled('#EXT-X-DEFINE:NAME="a",VALUE=""\n#EXTINF:1,\n', "{$a}"),
  "8 MiB of a bit rate.m3u8": filled("#EXT-X-STREAM-INF:BANDWIDTH=", "1", "\n#EXT-X-STREAM-INF:BANDWIDTH=2\na.m3u8"),
  "8 MiB of data in a URI.m3u8": filled("#EXT-X-STREAM-INF:BANDWIDTH=1\ndata:,", "%41"),
  "8 MiB of blanks.m3u8": many("", " ".repeat(1_000)),
  "8 MiB of UTF-16.mpd": Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.alloc(8_380_000, "\u4f60", "utf16le")]),
  "a gzip in a gzip.mpd": gzipSync(bomb),
  "8 MiB of an attribute.mpd": many('<MPD a="', "x".repeat(1_000)),
  "8 MiB of a name.mpd": many("<MPD><a", "x".repeat(1_000)),
  "8 MiB of levels.mpd": many("<MPD>", "<Period>"),
  "8 MiB of references to characters.mpd": text("&#65;"),
  "8 MiB of small sections.mpd": text("<![CDATA[x]]>"),
  "entities of entities.mpd": `<!DOCTYPE MPD [<!ENTITY a "aaaaaaaa"><!ENTITY b "${"&a;".repeat(1_000)}">]><MPD>${"&b;".repeat(1_000)}</MPD>`,
  "a long count of repeats.mpd": entries('<S t="0" d="1" r="1000000000"/>'),
  "a long count of patterns.mpd": entries('<Pattern id="p"><P d="1" r="1000000000"/></Pattern><S t="0" p="p" r="1000000000"/>'),
  "a very wide number.mpd": mpd(video('media="$Number%0999999999d$.m4s" duration="1"')),
  "many parts.mpd": mpd(video('media="$Number$-$SubNumber$.m4s" duration="1" k="18446744073709551615"')),
  "many signs.mpd": sets(130, () => video(`media="${"$$".repeat(30_000)}" duration="1"`)),
  "long broken templates.mpd": mpd(
    `<SegmentTemplate media="${"x".repeat(60_000)}$" duration="1"/>${many("", (nth) => `<Representation id="${nth}"/>`, 9_000)}`,
  ),
  "long ids.mpd": sets(130, (nth) => `<Representation id="${nth}${"i".repeat(60_000)}"/>`),
  "many properties.mpd": sets(
    1,
    () => `<Representation>${'<EssentialProperty id="a" schemeIdUri="urn:mpeg:x"/>'.repeat(50_000)}</Representation>`,
  ),
  "many periods.mpd": `<MPD>${many("", (nth) => `<Period id="${nth}" duration="PT1S"/>`, 59_000)}</MPD>`,
};
