/** Where the settings come from, and which of them cannot be used. Shows names, and values only where a start would show them. */

import type { ConfigReading } from "../../read-config.ts";
import type { SettingSources } from "../../setting-values.ts";
import { type Finding, rowsOf } from "./finding.ts";

export function checkSettings({ mistakes, contradictions, config }: ConfigReading, sources: SettingSources): Finding[] {
  const rows = rowsOf("settings");
  return [
    rows.ok("sources", describeSources(sources)),
    ...(config.sandbox ? [rows.ok("sandbox", "The sandbox is on: vendors and the CDN's edge are emulated on this machine.")] : []),
    ...mistakes.map(({ name, message }) =>
      rows.failed(name, `${message}. A server does not start with it.`, "Correct or unset it; --help describes every setting."),
    ),
    ...contradictions.map((error) => rows.error("start", error)),
    ...config.warnings.map((text) => rows.warning("variables", text, "Correct or unset the variable.")),
  ];
}

function describeSources({ flags, variables }: SettingSources): string {
  const parts = [
    ...(flags.length > 0 ? [`from the command line ${flags.join(", ")}`] : []),
    ...(variables.length > 0 ? [`from the environment ${variables.join(", ")}`] : []),
  ];
  return parts.length === 0 ? "No setting is set, so all have their defaults." : `Set ${parts.join("; ")}. All others have their defaults.`;
}
