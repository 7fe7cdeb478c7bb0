import { describe, expect, it } from "vitest";
import { sniff } from "../../src/media/sniff.ts";

describe("sniff", () => {
  it.each([
    ["#EXTM3U\n", "hls"],
    ["\uFEFF\n #EXTM3U8", undefined],
    ["\uFEFF\n#EXTM3U", "hls"],
    ["#EXTINF:1,\na.ts", undefined],
    ['<?xml version="1.0"?><!-- <x> --><MPD xmlns="x">', "dash"],
    ["<MPD/>", "dash"],
    ["<MPDX>", undefined],
    ["text <MPD>", undefined],
    ["", undefined],
  ])("recognizes %j as %s", (text, format) => {
    expect(sniff(text)).toBe(format);
  });
});
