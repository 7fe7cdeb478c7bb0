import { describeReadings } from "../lines-harness.ts";

const upyun = { server: "marco/2.20", "x-source": "C/200" };

describeReadings("upyun", [
  [
    "a hit of the last cache in Via",
    { ...upyun, via: "S.mix-js-czx2-049, T.49.M, V.mix-js-czx2-049, T.4.H, M.ctn-sc-yan-004", age: "2536" },
    { state: "hit", layer: "edge", ageS: 2_536 },
  ],
  [
    "a hit of an inner cache in Via",
    { ...upyun, via: "S.mix-hz-fdi1-213, T.213.H, V.mix-hz-fdi1-217, T.194.M, M.cun-he-194" },
    { state: "hit", layer: "parent" },
  ],
  ["misses in Via", { ...upyun, via: "T.205.M, V.403-zj-fud-207, S.mix-sd-dst-035, T.40.M, M.cun-sd-lyi1-040" }, { state: "miss" }],
  [
    "a cache that does not store it",
    { ...upyun, via: "S.mix-js-czx2-045, V.mix-js-czx2-045, T.61.-, M.ctn-zj-jgh-061" },
    { state: "bypass" },
  ],
  ["Age alone", { ...upyun, age: "9" }, { state: "hit", layer: "unknown" }],
  [
    "the hit of Tencent's network, whose stored object carries UpYun's miss",
    { ...upyun, via: "T.205.M, M.cun-sd-lyi1-205", "x-nws-log-uuid": "1", "x-cache-lookup": "Cache Hit", age: "700" },
    { state: "hit", layer: "edge" },
  ],
]);
