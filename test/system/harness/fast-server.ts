/** The server over stdio, as `main.ts` starts it, but in the fast time that the FAST_ variables describe. */

import { createApp } from "../../../src/app/app.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { runStdio } from "../../../src/transports/stdio.ts";
import { fastClock } from "./fast-clock-harness.ts";

const { FAST_SINCE, FAST_SPEED, FAST_SKIP_FILE, ...env } = process.env;
const command = readCommand(process.argv.slice(2), env);
if (command.kind !== "serve") throw new Error("The arguments do not start a server.");
const clock = fastClock({
  since: Number(FAST_SINCE),
  speed: Number(FAST_SPEED),
  ...(FAST_SKIP_FILE !== undefined && { skipFile: FAST_SKIP_FILE }),
});
runStdio(createApp(command.config, { clock }));
