/** The runs of a property: a short time's worth. `RUNS=5000 npx vitest run --project units <file>` runs it for longer. */
export function runs(usual: number): number {
  return Number(process.env.RUNS ?? usual);
}
