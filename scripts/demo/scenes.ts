/** The scenes of the demo: command lines on the emulated vendors, and what each must have come to. */

import type { Ran } from "./stage.ts";

export interface Scene {
  readonly title: string;
  /** Said before the commands. */
  readonly note?: string;
  /** Files with one URL in a line that the commands read, by name. */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  readonly commands: readonly (readonly string[])[];
  /** Name of the row in the summary that the last command gets. */
  readonly row?: string;
  readonly expected: (ran: readonly Ran[]) => readonly Expectation[];
}

export type Expectation = readonly [isTrue: boolean, claim: string];

const sample = "https://example.com/asset";
const episodes = Array.from({ length: 31 }, (_, nth) => `https://example.com/season 2/episode-${nth + 1}.mp4`);
const duplicates = ["HTTPS://Example.com:443/season%202/episode-1.mp4", "https://example.com/season%202/episode-2.mp4#t=10"];
const mistakes = ["ftp://example.com/trailer.mp4", "https://user:secret@example.com/poster.jpg", "not a url"];
const several = (host: string, count: number) => Array.from({ length: count }, (_, nth) => `https://${host}/season/${nth + 1}.mp4`);
const film = "https://cdn.example.org/hls/film/master.m3u8";

export const scenes: readonly Scene[] = [
  {
    title: "What is left of today",
    commands: [["quota"]],
    expected: ([quota]) => [[quota?.quotas.every(({ used }) => used === 0) ?? false, "the sandbox starts with unspent quotas"]],
  },
  {
    title: "A published asset of Huawei Cloud VOD, by its id",
    commands: [["warm", "--asset", "f488337c31c8e4622f1590735b134c65", "--provider", "huawei-vod"]],
    row: "Huawei Cloud VOD asset",
    expected: ([asset]) => [[asset?.task?.state === "succeeded" && asset.task.cost === 3, "the asset succeeds and costs 3"]],
  },
  {
    title: "A published asset of Alibaba Cloud VOD, by its id",
    commands: [["warm", "--asset", "93ab850b4f6f44eab54b6e91d24d81d4", "--provider", "alibaba-vod"]],
    row: "Alibaba Cloud VOD asset",
    expected: ([asset]) => [[asset?.task?.state === "succeeded" && asset.task.cost === 2, "the asset succeeds and costs 2"]],
  },
  {
    title: "Three URLs of an asset, from a file",
    lists: {
      "asset.txt": [
        `${sample}/9db42f5e08c15edecd99a98da241994a/313bfd52a75f95ff48e8bf02eca2ab20.flv`,
        `${sample}/9e455adb02295aa123809e8dc7ca51c1/68b1241af3bf58bcde9914626e07f5af.mp4`,
        `${sample}/9e455adb02295aa123809e8dc7ca51c1/play_video/68b1241af3bf58bcde9914626e07f5af_H.264_480X270_HEAACV1_300.mp4`,
      ],
    },
    commands: [["warm", "asset.txt", "--verify"]],
    row: "3 URLs of an asset",
    expected: ([three]) => [[three?.task?.counts.succeeded === 3 && three.held === 3, "the edge holds the three URLs"]],
  },
  {
    title: "Tonight's release: 36 lines, with duplicates and mistakes",
    note: "Planned first, then sent, then sent again as after a lost answer.",
    lists: { "release.txt": [...episodes.slice(0, 15), ...mistakes, ...episodes.slice(15), ...duplicates] },
    commands: [
      ["warm", "release.txt", "--dry-run"],
      ["warm", "release.txt"],
      ["warm", "release.txt"],
    ],
    row: "tonight's release",
    expected: ([plan, sent, again]) => [
      [plan?.task?.batches === 4 && plan.task.cost === 31, "the plan has four batches and costs 31"],
      [sent?.task?.counts.succeeded === 31 && sent.task.counts.rejected === 3, "31 URLs succeed and three are refused"],
      [sent?.task?.duplicates_removed === 2, "two duplicates are dropped"],
      [again?.task?.cost === 0, "a repeated call spends nothing"],
    ],
  },
  {
    title: "One list for the CDNs of five vendors; one refuses a URL without naming it",
    lists: {
      "five.txt": [
        ...several("example.com", 8),
        ...several("vod.example.net", 3),
        "https://vod.example.net/season/malformed.mp4",
        ...["tencent-cdn.example.net", "volc-cdn.example.net", "cloudflare.example.org"].flatMap((host) => several(host, 2)),
      ],
    },
    commands: [["warm", "five.txt", "--verify"]],
    row: "a list for five vendors",
    expected: ([five]) => [
      [
        five?.task?.providers.join() === "huawei-vod,alibaba-vod,tencent-cdn,volcengine-cdn,http",
        "the list goes to five providers by its hosts",
      ],
      [five?.task?.counts.succeeded === 17 && five.held === 17, "every good URL is held although a vendor refused its request"],
      [five?.task?.problems.every((row) => row.url?.includes("malformed")) ?? false, "the refused URL is named"],
    ],
  },
  {
    title: "The first 30 seconds of a stream, on a CDN without a prefetch API",
    commands: [
      ["warm", film, "--scope", "full", "--dry-run"],
      ["warm", film, "--expand", "streams", "--verify"],
    ],
    row: "the start of a stream",
    expected: ([whole, start]) => [
      [whole?.task?.counts.total === 409 && whole.task.cost === 0, "the whole stream has 409 URLs and costs nothing"],
      [start?.task?.counts.succeeded === 29 && start.held === 29, "the edge holds the 29 URLs of its start"],
    ],
  },
  {
    title: "A URL that becomes warm, and why another one stays cold",
    commands: [["warm", "https://v.example.org/film.mp4", "https://v.example.org/no-store.mp4", "--verify"]],
    row: "a warm and a cold URL",
    expected: ([pair]) => [[pair?.code === 2 && pair.task?.counts.total === 2 && pair.held === 1, "the edge holds one of the two"]],
  },
  {
    title: "What became of it all, and what is left of today now",
    commands: [["status"], ["quota"]],
    expected: ([, quota]) => {
      const used = (id: string) => quota?.quotas.find(({ provider }) => provider === id)?.used;
      return [
        [used("huawei-vod") === 45, "Huawei Cloud spends 3 for the asset, 3 URLs, 31 of the release and 8 of the mixed list"],
        [used("alibaba-vod") === 5, "Alibaba Cloud spends 2 for the asset and 3 of the mixed list"],
      ];
    },
  },
];
