/** CacheFly. Source: third-party descriptions. */

import { firstOf } from "../headers.ts";
import { type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { verdictOf } from "../verdict.ts";

/** `X-CF3: H` is a hit and `X-CF3: M` a miss. */
const read: Reader = (headers) => {
  const letter = /^[HM]$/i.exec(firstOf(headers, "x-cf3") ?? "")?.[0];
  if (letter === undefined) return statusHeader("x-cache", "unknown")(headers);
  return { verdict: verdictOf(letter.toUpperCase() === "H" ? "hit" : "miss", "unknown"), from: ["x-cf3"] };
};

export const cachefly: Vendor<"cachefly"> = {
  id: "cachefly",
  name: "CacheFly",
  marks: [{ header: "x-cf1" }, { header: "x-cf3", value: /^[HM]$/i }],
  cnames: ["cachefly.net"],
  read,
};
