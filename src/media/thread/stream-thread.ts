/** The module of the thread that reads streams. */

import { serveReader } from "../../documents/thread/serve-reader.ts";
import type { StreamRequest } from "../../prefetch/model/stream.ts";
import { readStream } from "../stream.ts";

serveReader<StreamRequest>((url, request, { fetchBody }) => readStream(url, { ...request, fetchBody }));
