import { describe, expect, it } from "vitest";
import { sniff } from "../../src/media/sniff.ts";

describe("sniff", () => {
  it.each([
    ["#EXTM3U\n", "hls"],
    ["\uFEFF\n #EXTM3U8", "other"],
    ["\uFEFF\n#EXTM3U", "hls"],
    ["#EXTINF:1,\na.ts", "headless"],
    ["#EXT-X-VERSION:3\n#EXTM3U", "headless"],
    ["# a comment", "other"],
    ['<?xml version="1.0"?><!-- <x> --><MPD xmlns="x">', "dash"],
    ["<MPD/>", "dash"],
    ['<dash:MPD xmlns:dash="x">', "dash"],
    ["<!DOCTYPE MPD [<!ENTITY a '>'>]><MPD>", "dash"],
    ["<!doctype html><html><MPD>", "other"],
    ['<?xml version="1.0"?><Patch xmlns="urn:mpeg:dash:schema:mpd-patch:2020">', "dash"],
    ['<Patch xmlns="urn:ietf:params:xml:ns:patch">', "other"],
    ["<MPDX>", "other"],
    ["<html><body><MPD>", "other"],
    ["text <MPD>", "other"],
    ["", "other"],
    ['\uFEFF<?xml version="1.0"?>\n<SmoothStreamingMedia MajorVersion="2">', "smooth"],
    ["<!-- begun", "unclear"],
    ["<", "unclear"],
  ])("recognizes %j as %s", (text, kind) => {
    expect(sniff(text)).toBe(kind);
  });

  it("reads past comments of any length and number", () => {
    expect(sniff(`<!-- ${"x".repeat(1_000_000)} --><MPD>`)).toBe("dash");
    expect(sniff(`${"<!---->".repeat(100_000)}<MPD>`)).toBe("dash");
  });
});
