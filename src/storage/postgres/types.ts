/** PostgreSQL's numbers as JavaScript's: the store holds times in milliseconds, counts and units, all of them safe integers. */

import type { CustomTypesConfig } from "pg";

/** Their ids in `pg_type`: int8, int2, int4, float8 and numeric. */
const numbers = new Set([20, 21, 23, 701, 1700]);
const BOOLEAN = 16;

export const numberTypes: CustomTypesConfig = {
  getTypeParser: (id: number) => (text: string) => {
    if (numbers.has(id)) return Number(text);
    // As SQLite has them.
    if (id === BOOLEAN) return text === "t" ? 1 : 0;
    return text;
  },
};
