/** The text of an answer: a paragraph that stands alone, then the fields as JSON. */

/** Fields that are sentences. The paragraph has them, so the JSON below it leaves them out. */
const SENTENCES = ["next_step", "notice"];

/** `headline`: the outcome in a few words. An answer without a sentence is JSON alone. */
export function answerText(structured: Readonly<Record<string, unknown>>, headline: string | undefined): string {
  const sentences = [headline, ...SENTENCES.map((name) => structured[name])].filter((sentence) => typeof sentence === "string");
  const fields = Object.entries(structured).filter(([name]) => !SENTENCES.includes(name));
  const json = JSON.stringify(Object.fromEntries(fields), withoutZeros);
  return sentences.length === 0 ? json : `${sentences.join(" ")}\n\n${json}`;
}

/** Counts of 0 are most of a short answer. The structured content has them. */
function withoutZeros(name: string, value: unknown): unknown {
  if (name !== "counts" || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, count]) => count !== 0));
}
