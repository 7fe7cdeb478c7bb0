/** Zod schemas for the values that `mpd-parser` returns. They are loose, because representations go back into the parser. */

import { z } from "zod";

/** The parser returns NaN for an attribute that it cannot parse, which means the same as no attribute. */
const number = z.unknown().transform((value) => (typeof value === "number" && !Number.isNaN(value) ? value : undefined));
const text = z.unknown().transform((value) => (typeof value === "string" ? value : undefined));

/** The parser returns a bigint beyond 2^53. No file is that long, so losing precision there is harmless. */
const bytes = z.union([z.number(), z.bigint()]).transform(Number);
const byteRange = z.object({ length: bytes, offset: bytes });

const file = z.object({ uri: text, resolvedUri: text, byterange: byteRange.optional().catch(undefined) });

const segment = file.extend({
  duration: number,
  presentationTime: number,
  map: file.optional(),
});

export const playlistsShape = z.array(
  z.object({
    segments: z.array(segment).optional(),
    sidx: segment.optional(),
  }),
);
export type DashPlaylist = z.infer<typeof playlistsShape>[number];
export type DashSegment = z.infer<typeof segment>;
export type DashFile = z.infer<typeof file>;

const attributes = z.looseObject({
  id: z.string().optional(),
  type: z.string().optional(),
  bandwidth: z.number().optional(),
  mimeType: z.string().optional(),
  contentType: z.string().optional(),
  codecs: z.string().optional(),
  lang: z.string().optional(),
  baseUrl: z.string(),
  periodStart: z.number().nullish(),
});

/** `segmentUrls` and `segmentTimeline` stay unparsed: many representations share one list, and parsing copies it for each. */
const representationShape = z.looseObject({
  attributes,
  segmentInfo: z.looseObject({
    template: z.looseObject({}).optional(),
    list: z.looseObject({ segmentUrls: z.unknown().optional() }).optional(),
    base: z.looseObject({}).optional(),
    segmentTimeline: z.unknown().optional(),
  }),
});
export type DashRepresentation = z.infer<typeof representationShape>;

export const mpdShape = z.object({
  locations: z.array(z.string()).nullish(),
  contentSteeringInfo: z.object({ serverURL: z.string() }).nullish(),
  representationInfo: z.array(representationShape),
});

export const segmentUrlsShape = z.array(z.object({ media: z.string().optional() })).catch([]);
