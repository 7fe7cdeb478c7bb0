/** The real server behind the real transport, with the fixtures of the conformance suite beside its own tools. */

import { McpServer, type McpServerFactory, type ServerNotifier } from "@modelcontextprotocol/server";
import { createApp } from "../../../src/app/app.ts";
import { readCommand } from "../../../src/cli/config.ts";
import { createMetrics } from "../../../src/transports/http/metrics.ts";
import { type HttpService, startHttp } from "../../../src/transports/http/server.ts";
import { checkCalls } from "./fixtures/calls.ts";
import { registerForms } from "./fixtures/forms.ts";
import { registerPrompts } from "./fixtures/prompts.ts";
import { registerQuestions, stateKey } from "./fixtures/questions.ts";
import { registerResources } from "./fixtures/resources.ts";
import { registerTaskTools } from "./fixtures/task-tools.ts";
import { createTasks } from "./fixtures/tasks.ts";
import { registerTools } from "./fixtures/tools.ts";

/** Over HTTP on a free port, without authentication. */
export async function startFixtureServer(): Promise<HttpService> {
  const command = readCommand(["--transport", "http", "--port", "0", "--sandbox", "--log-level", "silent"], {
    PREFETCH_SERVER_STATE_KEY: stateKey,
  });
  if (command.kind !== "serve") throw new TypeError("It only serves.");
  const { config } = command;
  const metrics = createMetrics();
  const app = createApp(config, { observer: metrics.observer });
  const tasks = createTasks();
  let notifier: ServerNotifier | undefined;

  const factory: McpServerFactory = async (context) => {
    const server = await app.factory(context);
    if (!(server instanceof McpServer)) throw new TypeError("The fixtures need an McpServer.");
    server.server.registerCapabilities({
      tools: { listChanged: true },
      prompts: { listChanged: true },
      logging: {},
    });
    registerTools(server, () => notifier);
    registerForms(server);
    registerQuestions(server);
    registerResources(server);
    registerPrompts(server);
    if (context.era === "modern") registerTaskTools(server, tasks);
    checkCalls(server);
    return server;
  };

  return startHttp({
    app: {
      ...app,
      factory,
      subscriptions: (given) => {
        notifier = given;
        return app.subscriptions(given);
      },
    },
    metrics,
    auth: undefined,
    options: config.server,
  });
}
