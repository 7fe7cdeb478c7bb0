/** A thread in the place of the reader's, which does as the URL says. */

import { serveThread } from "../../../src/base/thread-side.ts";

const kept: unknown[] = [];

serveThread((message, { send }) => {
  const url = (message as { readonly url: string }).url;
  if (url === "spin") for (;;);
  if (url === "fill") for (;;) kept.push(new Array(1_000).fill(kept.length));
  send(url === "odd" ? { kind: "odd" } : { kind: "done" });
});
