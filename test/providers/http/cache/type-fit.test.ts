import { describe, expect, it } from "vitest";
import { misfitOf } from "../../../../src/providers/http/cache/type-fit.ts";
import { lines } from "./lines-harness.ts";

const misfit = (path: string, type: string) => misfitOf(`https://media.example${path}`, lines({ "content-type": type }))?.code;

describe("misfitOf", () => {
  it.each([
    ["/film.mp4", "text/html; charset=utf-8"],
    ["/film.MP4?token=a.html", "TEXT/HTML"],
    ["/seg-1.m4s", "application/json"],
    ["/seg-1.ts", "application/problem+json"],
    ["/seg-1.ts", "image/png"],
    ["/master.m3u8", "text/html"],
    ["/master.m3u8", "video/mp4"],
    ["/poster.jpg", "video/mp4"],
    ["/app.wasm", "text/html"],
  ])("reports %s with the type %s", (path, type) => {
    expect(misfit(path, type)).toBe("type-misfit");
  });

  it.each([
    ["/film.mp4", "application/octet-stream"],
    ["/seg-1.ts", "text/vnd.trolltech.linguist"],
    ["/seg-1.ts", "video/mp2t"],
    ["/master.m3u8", "text/plain"],
    ["/master.m3u8", "application/vnd.apple.mpegurl"],
    ["/manifest.mpd", "text/xml"],
    ["/page.html", "text/html"],
    ["/film", "text/html"],
    ["/data.json", "application/json"],
    ["/film.mp4", ""],
    ["/poster.svg", "image/svg+xml"],
  ])("accepts %s with the type %j", (path, type) => {
    expect(misfit(path, type)).toBeUndefined();
  });
});
