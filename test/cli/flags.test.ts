import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import { readCommandLine } from "../../src/cli/flags.ts";
import { allSettings } from "../../src/cli/settings.ts";

const mistakeIn = (...args: string[]): string => {
  try {
    readCommandLine(args, allSettings);
  } catch (error) {
    if (error instanceof PrefetchError) return `${error.message}. ${error.hint}`;
    throw error;
  }
  return "none";
};

describe("readCommandLine", () => {
  it("reads values, switches and short flags", () => {
    const { command, flags, operands } = readCommandLine(["--port", "8080", "--path=/x", "--sandbox", "-h"], allSettings);
    expect({ command, operands }).toEqual({ command: undefined, operands: [] });
    expect({ ...flags }).toEqual({
      port: "8080",
      path: "/x",
      sandbox: true,
      help: true,
    });
  });

  it("takes a negative number for the value of the flag before it, and not for a flag", () => {
    expect({ ...readCommandLine(["warm", "x", "--wait", "-5"], allSettings).flags }).toEqual({ wait: "-5" });
    expect(readCommandLine(["warm", "--json", "--", "--wait", "-5"], allSettings).operands).toEqual(["--wait", "-5"]);
  });

  it.each([
    [["--storr", "x"], "Unknown option '--storr'. Did you mean --store? Run with --help for all flags."],
    [["--store.path", "x"], "Unknown option '--store.path'. Did you mean --store? Run with --help for all flags."],
    [["--transprot=http"], "Unknown option '--transprot'. Did you mean --transport? Run with --help for all flags."],
    [
      ["extra"],
      '"extra" is no command. Commands are warm, status, quota, doctor; without one, a server starts. Run with --help for all of them.',
    ],
    [["wram", "x"], '"wram" is no command. Did you mean warm? Run with --help for all of them.'],
    [["--sandbox", "extra"], "Unexpected argument 'extra'. Run with --help for all flags."],
    [["warm", "--expnad", "streams"], "Unknown option '--expnad'. Did you mean --expand? Run with --help for all flags."],
    [["quota", "--dry-run"], "Unknown option '--dry-run'. Run with --help for all flags."],
    [["--prefetch-store", "x"], "Unknown option '--prefetch-store'. Did you mean --store? Run with --help for all flags."],
    [["--PREFETCH_SERVER_PORT=1"], "Unknown option '--PREFETCH_SERVER_PORT'. Did you mean --port? Run with --help for all flags."],
    [["--budget", "5"], "Unknown option '--budget'. Did you mean --daily-budget? Run with --help for all flags."],
    [["--domains", "x"], "Unknown option '--domains'. Did you mean --allowed-domains? Run with --help for all flags."],
    [["--sandbox-mode"], "Unknown option '--sandbox-mode'. Did you mean --sandbox? Run with --help for all flags."],
    [
      ["--huaweicloud-sdk-sk=x"],
      "Unknown option '--huaweicloud-sdk-sk'. HUAWEICLOUD_SDK_SK has no flag: set it in the environment. Run with --help for all flags.",
    ],
    [["--colour", "x"], "Unknown option '--colour'. Run with --help for all flags."],
    [["--port", "--host"], "Option '--port' argument is ambiguous. Run with --help for all flags."],
    [["warm", "x", "--wait", "--json"], "Option '--wait' argument is ambiguous. Run with --help for all flags."],
    [["--sandbox=1"], "Option '--sandbox' does not take an argument. Run with --help for all flags."],
  ])("refuses %j in one sentence with a hint", (args, text) => {
    expect(mistakeIn(...args)).toBe(text);
  });

  it("reads a command with its own flags, the settings and its operands, in any order", () => {
    const { command, flags, operands } = readCommandLine(["warm", "a.txt", "--verify", "--store", "memory:", "-"], allSettings);
    expect({ command, flags: { ...flags }, operands }).toEqual({
      command: "warm",
      flags: { verify: true, store: "memory:" },
      operands: ["a.txt", "-"],
    });
  });

  it.each(["--alibaba-cloud-access-key-secret=x", "--region=x", "--tokens=x"])(
    "has no flag for a secret or for a provider's setting: %s",
    (flag) => {
      expect(mistakeIn(flag)).toMatch(/^Unknown option/);
    },
  );
});
