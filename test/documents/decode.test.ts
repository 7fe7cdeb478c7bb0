import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBody } from "../../src/documents/decode.ts";
import { bodyOf } from "../media/read-harness.ts";

const decode = (content: string | Uint8Array, more = {}, most = 10_000): string => decodeBody(bodyOf(content, "", more), most);

function utf16(text: string, order: "be" | "le", mark = true): Uint8Array {
  const bytes = Buffer.from(mark ? `\uFEFF${text}` : text, "utf16le");
  return order === "le" ? bytes : bytes.swap16();
}

describe("decodeBody", () => {
  const xml = '<?xml version="1.0" encoding="UTF-16"?><MPD a="é😀"/>';

  it.each([
    ["UTF-8", Buffer.from("#EXTM3U é😀"), "#EXTM3U é😀"],
    ["UTF-8 with a byte order mark", Buffer.from("\uFEFF<MPD/>"), "<MPD/>"],
    ["UTF-16, little end first", utf16(xml, "le"), xml],
    ["UTF-16, big end first", utf16(xml, "be"), xml],
    ["UTF-16 without a byte order mark, little end first", utf16(xml, "le", false), xml],
    ["UTF-16 without a byte order mark, big end first", utf16(xml, "be", false), xml],
    ["UTF-16 of a playlist", utf16("#EXTM3U", "be", false), "#EXTM3U"],
    ["Latin-1, as the XML declares", Buffer.from("<?xml version='1.0' encoding='ISO-8859-1'?><a b='\xe9'/>", "latin1"), /b='é'/],
    ["UTF-8 that the XML declares as UTF-16", Buffer.from(xml), xml],
    ["UTF-8 that the XML declares as Unicode", Buffer.from('<?xml version="1.0" encoding="Unicode"?><a b="é"/>'), /b="é"/],
    [
      "UTF-8 with a byte order mark and another declaration",
      Buffer.from('\uFEFF<?xml version="1.0" encoding="latin1"?><a b="é"/>'),
      /b="é"/,
    ],
    [
      "single bytes in the title of a playlist",
      Buffer.from("#EXTM3U\n#EXTINF:1,caf\xe9\na.ts", "latin1"),
      "#EXTM3U\n#EXTINF:1,caf\uFFFD\na.ts",
    ],
    ["nothing", Buffer.from(""), ""],
  ])("reads %s", (_, bytes, text) => {
    expect(decode(bytes)).toMatch(text);
    expect(decode(gzipSync(bytes))).toMatch(text);
  });

  it.each([
    ["bytes that are not UTF-8 in XML", Buffer.from("<a b='\xe9'/>", "latin1"), "It has bytes that are not utf-8"],
    ["an unknown encoding", Buffer.from("<?xml version='1.0' encoding='x-klingon'?><a/>"), "Its encoding, x-klingon, is unknown"],
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0]), "Its encoding, UTF-32, is unknown"],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), "It is packed with zstd"],
    ["damaged gzip", Buffer.concat([gzipSync("#EXTM3U").subarray(0, 15), Buffer.from("damaged")]), "It cannot be unpacked"],
  ])("refuses %s with its name", (_, bytes, message) => {
    expect(() => decode(bytes)).toThrow(message);
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ name: "PrefetchError" }));
  });

  it("unpacks gzip whatever the headers say, once or twice, and brotli and deflate as they say", () => {
    const packed = gzipSync("#EXTM3U");
    for (const encoding of [undefined, "gzip", "identity", "x-gzip"]) expect(decode(packed, { encoding })).toBe("#EXTM3U");
    expect(decode("#EXTM3U", { encoding: "gzip" })).toBe("#EXTM3U");
    expect(decode(gzipSync(packed), { encoding: "gzip" })).toBe("#EXTM3U");
    expect(decode(brotliCompressSync("#EXTM3U"), { encoding: "br" })).toBe("#EXTM3U");
    expect(decode(deflateSync("#EXTM3U"), { encoding: "deflate" })).toBe("#EXTM3U");
  });

  it("refuses a text above the limit before it is unpacked, and accepts one at the limit", () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    expect(bomb.length).toBeLessThan(30_000);
    for (const bytes of [bomb, gzipSync(bomb), Buffer.alloc(10_001, "#")]) expect(() => decode(bytes)).toThrow("more than 10,000 bytes");
    expect(() => decode(brotliCompressSync(Buffer.alloc(20_000_000)), { encoding: "br" })).toThrow("more than 10,000 bytes");
    expect(() => decode(deflateSync(Buffer.alloc(20_000_000)), { encoding: "deflate" })).toThrow("more than 10,000 bytes");
    expect(decode(gzipSync(Buffer.alloc(10_000, "#")))).toHaveLength(10_000);
  });

  it("reads a beginning that is cut anywhere", () => {
    const text = `#EXTM3U\n${"é".repeat(4_000)}`;
    for (const bytes of [Buffer.from(text), gzipSync(text, { level: 0 })]) {
      expect(decode(bytes.subarray(0, 2_000), { isWhole: false })).toMatch(/^#EXTM3U\né+/);
    }
  });

  it("reads any bytes or refuses them with a PrefetchError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(undefined, "br", "gzip"), fc.boolean(), (bytes, encoding, isWhole) => {
        try {
          expect(typeof decode(bytes, { encoding, isWhole })).toBe("string");
        } catch (error) {
          expect(error).toMatchObject({ name: "PrefetchError" });
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
