/** The entry point of the storage thread. */

import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { serve } from "./serve.ts";

if (!parentPort) throw new Error("This file runs in a worker thread only.");
const { location, kind } = z.object({ location: z.string(), kind: z.enum(["real", "sandbox"]) }).parse(workerData);
serve(parentPort, location, kind);
