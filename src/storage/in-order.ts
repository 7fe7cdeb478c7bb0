/** Runs statements one after the other: a transaction has one connection, which carries out one statement at a time. */
export async function inOrder<Each, Result>(list: Iterable<Each>, work: (each: Each) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const each of list) results.push(await work(each));
  return results;
}
