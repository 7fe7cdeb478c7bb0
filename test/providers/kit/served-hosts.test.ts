import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Domain, type DomainPage, readServedHosts } from "../../../src/providers/kit/served-hosts.ts";
import { failureOf } from "../../contract/provider.ts";

const vendor = { provider: "example-cdn", name: "Example CDN" };
const named = (...names: readonly string[]): Domain[] => names.map((name) => ({ name }));

/** A vendor's list in pages of `rows`, and how many pages were read. */
function paged(domains: readonly Domain[], rows: number, total?: number) {
  let pages = 0;
  const readPage = async (number: number): Promise<DomainPage> => {
    pages += 1;
    return { domains: domains.slice((number - 1) * rows, number * rows), total };
  };
  return { read: () => readServedHosts(vendor, rows, readPage), pages: () => pages };
}

describe("readServedHosts", () => {
  it("gives every domain once, in pages of any size, with a total and without one", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(500), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        async (ids, rows, told) => {
          const names = ids.map((id) => `h${id}.example.com`);
          const list = paged(named(...names), rows, told ? names.length : undefined);
          expect((await list.read()).map(({ pattern }) => pattern)).toEqual(names);
          expect(list.pages()).toBeLessThanOrEqual(Math.floor(names.length / rows) + 1);
        },
      ),
    );
  });

  it("spells names as URLs do, and leaves out what no URL can have", async () => {
    const names = [
      "CDN.Example.com",
      ".example.net",
      "*.Example.org",
      " bücher.example ",
      "",
      "a b.example",
      "https://x.example/",
      "*",
      "**.example",
    ];
    const found = await paged(named(...names), 100).read();
    expect(found.map(({ pattern }) => pattern)).toEqual(["cdn.example.com", "*.example.net", "*.example.org", "xn--bcher-kva.example"]);
  });

  it("takes a domain that is listed twice for active when one row is", async () => {
    const rows = [
      { name: "a.example", active: false },
      { name: "A.example", active: true },
      { name: "b.example", active: true },
      { name: "b.example", active: false },
      { name: "c.example", active: false },
    ];
    expect(await paged(rows, 100).read()).toEqual([
      { pattern: "a.example", active: true },
      { pattern: "b.example", active: true },
      { pattern: "c.example", active: false },
    ]);
  });

  it("ends when a page is empty although the total says that there are more", async () => {
    const list = paged(named("a.example", "b.example"), 2, 1_000);
    expect(await list.read()).toHaveLength(2);
    expect(list.pages()).toBe(2);
  });

  it.each([
    ["the vendor repeats its first page", () => named("a.example"), 2],
    ["there are always more pages", (number: number) => named(`h${number}.example`), 250],
  ])("is an error when %s", async (_, domains, most) => {
    let pages = 0;
    const error = await failureOf(
      readServedHosts(vendor, 1, async (number) => {
        pages += 1;
        return { domains: domains(number), total: undefined };
      }),
    );
    expect(error).toMatchObject({ code: "vendor_unavailable", provider: "example-cdn", delivery: "refused" });
    expect(error.hint).toContain("PREFETCH_ROUTES");
    expect(pages).toBe(most);
  });
});
