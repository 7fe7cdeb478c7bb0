/** A thread that does as its messages say. */

import { serveThread } from "../../src/base/thread-side.ts";

const kept: unknown[] = [];

serveThread((message, { send }) => {
  if (message === "spin") for (;;);
  if (message === "fill") for (;;) kept.push(new Array(1_000).fill(kept.length));
  if (message === "throw") throw new RangeError("thrown in the thread");
  if (message === "later") setImmediate(() => send("later"));
  else send(message);
});
