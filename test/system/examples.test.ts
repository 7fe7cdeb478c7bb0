/** The examples of README.md and docs/: each call is made on the sandbox, and the shown answer is compared with the real one. */

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Session, ToolAnswer } from "./harness/clients-harness.ts";
import { localSession } from "./harness/local-session-harness.ts";

const root = join(import.meta.dirname, "../..");

interface Example {
  readonly heading: string;
  readonly calls: readonly (readonly [tool: string, args: Record<string, unknown>])[];
  /** What the page shows of the answers' text: pieces in their order, with … between them. */
  readonly shown: string | undefined;
  /** Fields of the last answer. */
  readonly fields: unknown;
}

/** A block of calls, and the blocks with the answer behind it. */
function examplesOf(page: string): Example[] {
  return page.split(/^(?=#+ )/m).flatMap((section) => {
    const heading = /^#+ (.*)/.exec(section)?.[1] ?? "";
    return section
      .split(/^(?=```js$)/m)
      .slice(1)
      .map((part) => ({
        heading,
        calls: [...blockOf(part, "js").matchAll(/^(\w+)\((\{.*?\})\)$/gms)].map(
          ([, tool = "", args = ""]) => [tool, JSON.parse(args)] as const,
        ),
        shown: blockOf(part, "text"),
        fields: JSON.parse(blockOf(part, "json") || "{}"),
      }));
  });
}

function blockOf(part: string, language: string): string {
  return new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(part)?.[1] ?? "";
}

/** Text without line breaks, and without what differs from call to call. */
function steady(text: string): string {
  return text
    .replace(/pf_[0-9a-f-]{36}/g, "pf_…")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>")
    .replace(/"resets_in":\s*"[^"]*"/g, '"resets_in":"<span>"')
    .replace(/\bin \d[\d hmin]*\b/g, "in <span>")
    .replace(/"(first_byte_ms|age_s)":\s*\d+/g, '"$1":0')
    .replace(/\s+/g, " ")
    .trim();
}

async function answersOf(session: Session, { calls }: Example): Promise<ToolAnswer[]> {
  const answers: ToolAnswer[] = [];
  for (const [tool, args] of calls) {
    const [taskId] = /pf_[0-9a-f-]{36}/.exec(answers.at(-1)?.text ?? "") ?? [];
    const given = { ...args, ...(args.task_id === "pf_…" && { task_id: taskId }), ...(args.since !== undefined && { since: yesterday() }) };
    answers.push(await session.call(tool, given));
  }
  return answers;
}

/** The shown dates of changes are those of a page's day; the sandbox changes every day. */
function yesterday(): string {
  return new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
}

const pages = ["README.md", ...globSync("docs/*.md", { cwd: root })]
  .map((page) => ({ page, examples: examplesOf(readFileSync(join(root, page), "utf8")) }))
  .filter(({ examples }) => examples.length > 0);

it("finds the jobs of README.md and the examples of the pages", () => {
  expect(pages.find(({ page }) => page === "README.md")?.examples.length).toBeGreaterThanOrEqual(4);
  expect(pages.length).toBeGreaterThanOrEqual(7);
  for (const { examples } of pages) for (const { calls } of examples) expect(calls.length).toBeGreaterThan(0);
});

describe.each(pages)("$page", ({ examples }) => {
  it.each(examples)("shows what the sandbox answers: $heading", async (example) => {
    const session = await localSession({ args: ["--sandbox"] });
    try {
      const answers = await answersOf(session, example);
      expect(answers.filter(({ isError }) => isError)).toEqual([]);
      expectPieces(answers.map(({ text }) => text).join("\n"), example.shown ?? "");
      expect(missingIn(steadyFields(answers.at(-1)?.structured), steadyFields(example.fields), "answer")).toEqual([]);
    } finally {
      await session.close();
    }
  });
});

/** Each piece must stand in the text, behind the one before it. */
function expectPieces(text: string, shown: string): void {
  const pieces = steady(shown)
    .replaceAll("pf_…", "pf_")
    .split("…")
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "");
  let rest = steady(text).replaceAll("pf_…", "pf_");
  for (const piece of pieces) {
    expect(rest).toContain(piece);
    rest = rest.slice(rest.indexOf(piece) + piece.length);
  }
}

function steadyFields(fields: unknown): unknown {
  return JSON.parse(steady(JSON.stringify(fields)));
}

/** Paths of shown fields that the answer does not have. A page may leave out fields, elements of lists, and parts of texts. */
function missingIn(real: unknown, shown: unknown, path: string): string[] {
  if (Array.isArray(shown)) {
    const list = Array.isArray(real) ? real : [];
    return shown.flatMap((one, nth) => (list.some((each) => missingIn(each, one, "").length === 0) ? [] : [`${path}[${nth}]`]));
  }
  if (typeof shown === "object" && shown !== null) {
    const fields = typeof real === "object" && real !== null ? new Map<string, unknown>(Object.entries(real)) : new Map<string, unknown>();
    return Object.entries(shown).flatMap(([name, value]) => missingIn(fields.get(name), value, `${path}.${name}`));
  }
  const isShown = typeof shown === "string" && typeof real === "string" ? real.includes(shown) : real === shown;
  return isShown ? [] : [`${path}: ${JSON.stringify(real)}`];
}
