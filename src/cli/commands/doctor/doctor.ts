/** `doctor`: checks an installation and says in plain words what is wrong. It spends nothing and changes nothing. */

import { createApp } from "../../../app/app.ts";
import { explain, PrefetchError } from "../../../base/errors.ts";
import { createRedactor } from "../../../base/redact.ts";
import { createSecrets, type Secrets } from "../../../base/secrets.ts";
import { providerDefinitions } from "../../../providers/index.ts";
import type { ConfigReading } from "../../read-config.ts";
import type { SettingSources } from "../../setting-values.ts";
import type { Options } from "../command.ts";
import { exitCodes } from "../definitions.ts";
import { createTerminal, type Output, painter, type Streams, type Terminal } from "../terminal.ts";
import { type Check, runCheck } from "./check.ts";
import { countStates, type Finding } from "./finding.ts";
import { planChecks } from "./plan.ts";
import { plainLines, summaryLine, tableLines } from "./table.ts";

/** All of them are asked at once. More load edges, and fill the screen. */
const MOST_URLS = 20;

export interface DoctorCommand {
  readonly operands: readonly string[];
  readonly options: Options;
  readonly reading: ConfigReading;
  readonly sources: SettingSources;
}

/** Resolves with the exit code. */
export async function runDoctor(command: DoctorCommand, { stdout, stderr }: Omit<Streams, "stdin"> = process): Promise<number> {
  const { options, reading, sources } = command;
  const terminal = createTerminal({ json: options.json === true, stdout, stderr });
  const urls = typeof options.url === "string" ? options.url.split("\n") : [];
  const named = typeof options.provider === "string" ? options.provider : undefined;
  const mistake = mistakeIn(command.operands, urls, named);
  if (mistake) {
    const { code, message, hint } = mistake;
    terminal.failure({ code, message, ...(hint !== undefined && { hint }) }, `cdn-prefetch-mcp: ${explain(mistake)}`);
    return exitCodes.refused;
  }
  const app = createApp({ ...reading.config, store: ":memory:" });
  try {
    const secrets = secretsOf(reading);
    const checks = planChecks({ reading, sources, app, secrets, urls, named });
    const findings = await runAll(checks, { broken: reading.unusable, report: app.report }, terminal.progress);
    return print(findings.map(hiding(secrets)), options, terminal, stdout);
  } finally {
    await app.close(0);
  }
}

function mistakeIn([operand]: readonly string[], urls: readonly string[], named: string | undefined): PrefetchError | undefined {
  const mistake = (message: string, hint: string) => new PrefetchError("invalid_argument", `doctor: ${message}`, { hint });
  if (operand !== undefined)
    return mistake(`"${operand.slice(0, 60)}" is an operand, and this command takes none`, "Name a URL with --url.");
  if (named !== undefined && urls.length === 0) return mistake("--provider is the provider of URLs, and none was given", "Add --url.");
  if (urls.length <= MOST_URLS) return undefined;
  return mistake(`${urls.length} URLs were given; it looks at ${MOST_URLS} at most`, "Nothing was checked. Pass a part of them.");
}

async function runAll(
  checks: readonly Check[],
  options: Parameters<typeof runCheck>[1],
  onProgress: Terminal["progress"],
): Promise<Finding[]> {
  let done = 0;
  const found = await Promise.all(
    checks.map(async (check) => {
      const rows = await runCheck(check, options);
      done += 1;
      onProgress(done, checks.length);
      return rows;
    }),
  );
  return found.flat();
}

function print(findings: readonly Finding[], { json }: Options, terminal: Terminal, stdout: Output): number {
  const counts = countStates(findings);
  if (json === true) for (const finding of findings) terminal.result("check", { ...finding }, () => []);
  terminal.result("summary", { ...counts }, () => [
    ...(stdout.isTTY ? tableLines(findings, stdout.columns ?? 80, painter(stdout)) : plainLines(findings)),
    "",
    summaryLine(counts),
  ]);
  return counts.failed === 0 ? exitCodes.done : exitCodes.refused;
}

function secretsOf({ config: { secrets, keyIds, values } }: ConfigReading): Secrets {
  const known = createSecrets(secrets, keyIds);
  // Keys from the files of the vendors' own tools.
  for (const definition of providerDefinitions) {
    const configuration = definition.read(values);
    if (!configuration.ok) continue;
    configuration.secrets?.forEach(known.add);
    configuration.keyIds?.forEach(known.addKeyId);
  }
  return known;
}

/** Also hides user and password in a URL that stands where no secret belongs, such as a mistyped store. */
function hiding(secrets: Secrets): (finding: Finding) => Finding {
  const redact = createRedactor(secrets);
  const clean = (text: string): string => redact(text.replace(/\/\/[^\s/@]+@/g, "//…@"));
  return (finding) => {
    const says = clean(finding.says);
    return finding.state === "ok" ? { ...finding, says } : { ...finding, says, next: clean(finding.next) };
  };
}
