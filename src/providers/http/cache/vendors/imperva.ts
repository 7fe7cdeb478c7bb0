/** Imperva (Incapsula). Source: public captures. */

import { firstOf } from "../headers.ts";
import type { Reader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { verdictOf } from "../verdict.ts";

/**
 * `X-Iinfo: 7-9200983-0 0CNN RT(…)` describes one request. `C` in the second place of the code stands for the cache, `N` for a
 * response that the origin gave, whether Imperva stores it or not.
 */
const read: Reader = (headers) => {
  const code = /^[\d-]+ [0-9A-Z]([CN])[A-Z]{2}\b/i.exec(firstOf(headers, "x-iinfo") ?? "")?.[1];
  const from = ["x-iinfo"];
  if (code === undefined) return undefined;
  return code.toUpperCase() === "C" ? { verdict: verdictOf("hit"), from } : { verdict: { state: "miss", mayBeBypass: true }, from };
};

export const imperva: Vendor<"imperva"> = {
  id: "imperva",
  name: "Imperva",
  marks: [{ header: "x-iinfo" }, { header: "x-cdn", value: /^(?:Imperva|Incapsula)/i }],
  cnames: ["impervadns.net", "incapdns.net"],
  read,
};
