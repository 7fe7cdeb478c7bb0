/** StackPath, formerly MaxCDN (NetDNA) and Highwinds. Source: public captures. */

import { itemsOf } from "../headers.ts";
import { firstReader, type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { verdictOf } from "../verdict.ts";

/** `X-HW` lists the servers with the edge's cache last, e.g. `1567797125.cds058.se2.c`: `c` came from its store, `p` was pulled. */
const readTrace: Reader = (headers) => {
  const results = itemsOf(headers, "x-hw").flatMap((entry) => /^\d+\.cds\w+\.\w+\.([cp])$/.exec(entry)?.[1] ?? []);
  const edge = results.at(-1);
  if (edge === undefined) return undefined;
  if (edge === "c") return { verdict: verdictOf("hit", "edge"), from: ["x-hw"] };
  return { verdict: results.includes("c") ? verdictOf("hit", "parent") : verdictOf("miss"), from: ["x-hw"] };
};

export const stackpath: Vendor<"stackpath"> = {
  id: "stackpath",
  name: "StackPath",
  marks: [{ header: "x-hw", value: /^\d+\./ }, { header: "server", value: /^(?:NetDNA|StackPath)/i }, { prefix: "x-sp-" }],
  cnames: ["stackpathcdn.com", "stackpathdns.com", "netdna-cdn.com", "netdna-ssl.com"],
  read: firstReader(statusHeader("x-sp-cache-status"), statusHeader("x-sp-cache"), statusHeader("x-cache", "unknown"), readTrace),
};
