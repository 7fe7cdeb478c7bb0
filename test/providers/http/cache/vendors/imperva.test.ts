import { describeReadings } from "../lines-harness.ts";

const imperva = { "x-cdn": "Imperva" };

describeReadings("imperva", [
  [
    "a code with C",
    { ...imperva, "x-iinfo": "7-1200983-0 0CNN RT(1791900064757 0) q(0 -1 -1 0) r(0 -1)" },
    { state: "hit", layer: "unknown" },
  ],
  [
    "a code with N",
    { ...imperva, "x-iinfo": "13-5078808-5078816 NNNN CT(91 87 0) RT(1794051992816 30) q(0 0 2 -1) r(11 11) U5" },
    { state: "miss", mayBeBypass: true },
  ],
  ["no code", imperva, { state: "unknown" }],
  ["Age alone", { ...imperva, age: "12" }, { state: "hit", layer: "unknown", ageS: 12 }],
]);
