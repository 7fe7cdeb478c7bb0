/** The server over stdio, as `main.ts` starts it, but in the fast time that FAST_SINCE and FAST_SPEED tell. */

import { createApp } from "../../../src/app/app.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { runStdio } from "../../../src/transports/stdio.ts";
import { fastClock } from "./fast-clock-harness.ts";

const { FAST_SINCE, FAST_SPEED, ...env } = process.env;
const command = readCommand(process.argv.slice(2), env);
if (command.kind !== "serve") throw new Error("It only serves.");
runStdio(createApp(command.config, { clock: fastClock({ since: Number(FAST_SINCE), speed: Number(FAST_SPEED) }) }));
