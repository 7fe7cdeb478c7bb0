/** What a few hundred runs must have come across, lest the test has become too easy to pass. */

export const milestones: readonly (readonly [what: string, leastRuns: number])[] = [];
