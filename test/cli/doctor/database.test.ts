import { expect, it } from "vitest";
import { checkDatabase } from "../../../src/cli/commands/doctor/database.ts";
import { openPostgres } from "../../../src/storage/postgres/postgres.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { addressOf, newDatabase } from "../../storage/postgres/database.ts";

it("the doctor reaches the database, tells of its schema without making one, and names what a server would refuse", async () => {
  const store = { address: addressOf(await newDatabase()), schema: "team", poolSize: 1 };
  const says = async (more: Partial<typeof store> = {}): Promise<string[]> =>
    (await checkDatabase({ ...store, ...more }, "real")).map(({ state, says: text }) => `${state}: ${text}`);
  const missing = expect.stringMatching(/^ok: postgres:.* has no schema team yet; the first server that uses it creates it\.$/);
  expect(await says()).toEqual([missing]);
  expect(await says()).toEqual([missing]);
  const storage = openPostgres({ ...store, clock: { ...fakeClock(), learn: () => undefined } });
  await storage.check();
  await storage.close();
  expect(await says()).toEqual([expect.stringMatching(/^ok: postgres:.*: schema team, version 1\.$/)]);
  const wrong = await says({ address: { ...store.address, database: "missing" } });
  expect(wrong).toEqual([expect.stringMatching(/^failed: .*database "missing" does not exist/)]);
  const down = await says({ address: { ...store.address, port: 1 } });
  expect(down).toEqual([expect.stringMatching(/^warning: .*ECONNREFUSED/)]);
});
