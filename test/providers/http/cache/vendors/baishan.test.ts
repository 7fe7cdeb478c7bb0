import { describeReadings } from "../lines-harness.ts";

const node = "BC12_dx-jiangsu-yancheng-3-cache-1";
const baishan = { "x-ser": `BC23_dx-lt-yd-shandong-jinan-5-cache-8, ${node}` };

describeReadings("baishan", [
  ["HIT from", { ...baishan, "x-cache": `HIT from ${node}(baishan)` }, { state: "hit", layer: "edge" }],
  ["MISS from", { ...baishan, "x-cache": `MISS from ${node}(baishan)` }, { state: "miss" }],
  ["X-Cache alone", { "x-cache": `HIT from ${node}(baishan)` }, { state: "hit", layer: "edge" }],
]);
