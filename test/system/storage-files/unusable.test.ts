/** A store that no server can use: said by `--check`, by /readyz and by calls, and used as soon as it can be. */

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newFolder } from "../../storage/file-harness.ts";
import { baseEnv, bin, httpSessions } from "../harness/clients-harness.ts";
import { startServer } from "../harness/http-server-harness.ts";

const [[, connect]] = httpSessions;

function check(store: string, more: Readonly<Record<string, string>> = {}) {
  const env = { ...baseEnv, PREFETCH_STORE: store, ...more };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "--check"], { env, encoding: "utf8", timeout: 20_000 });
  return { status, stdout, stderr };
}

describe("--check", () => {
  it("says that the settings and the store are usable, creates the store, and exits with 0", () => {
    const path = join(newFolder(), "new", "store.sqlite");
    for (let time = 0; time < 2; time += 1) {
      expect(check(`sqlite:${path}`)).toMatchObject({
        status: 0,
        stdout: "The settings are valid, and the store can be read and written.\n",
      });
    }
  });

  it.each([
    [
      "a folder",
      (folder: string) => folder,
      /^cdn-prefetch-mcp: The store \S+ cannot be used: it is a folder and not a file\. Check the file/m,
    ],
    ["a place below /proc", () => "/proc/none/deeper/store.sqlite", /^cdn-prefetch-mcp: The store \S+ cannot be used: ENOENT/m],
  ])("says what is wrong with %s, and exits with 1", (_, place, words) => {
    const { status, stdout, stderr } = check(`sqlite:${place(newFolder())}`);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(words);
  });

  it.each([
    [
      "--store",
      ["--check", "--store", "sqlite:/proc/none/store.sqlite"],
      /The store \S+ cannot be used: .* or name another place in --store\.$/m,
    ],
    [
      "--tokens-file",
      ["--transport", "http", "--tokens-file", "/proc/none"],
      /^cdn-prefetch-mcp: --tokens-file: \/proc\/none cannot be read/m,
    ],
  ])("names the flag %s that was typed when the start fails", (_, args, words) => {
    const { status, stderr } = spawnSync(process.execPath, [bin, ...args], { env: baseEnv, encoding: "utf8", timeout: 20_000 });
    expect(status).toBe(1);
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain("PREFETCH_");
  });

  it("says which setting is wrong, and exits with 1", () => {
    const { status, stderr } = check("memory:", { PREFETCH_MAX_URLS_PER_CALL: "many" });
    expect(status).toBe(1);
    expect(stderr).toContain("PREFETCH_MAX_URLS_PER_CALL must be a whole number");
  });
});

it("a server on an unusable store says so by /readyz and by calls, does not spin, and recovers when the cause goes", async () => {
  const path = join(newFolder(), "store.sqlite");
  mkdirSync(path);
  const { url, log } = await startServer({ PREFETCH_STORE: `sqlite:${path}` });
  const ready = async () => (await fetch(new URL("/readyz", url))).status;
  const session = await connect(url);
  expect(await ready()).toBe(503);
  const refused = await session.call("prefetch_urls", { urls: ["https://example.com/a.mp4"], provider: "huawei-vod" });
  expect(refused).toMatchObject({ isError: true });
  expect(refused.text).toMatch(/^store_unavailable: The store \S+ cannot be used: it is a folder and not a file\. Check the file/);
  expect(log.filter((line) => line.includes("cannot be used")).length).toBeLessThan(10);
  rmSync(path, { recursive: true });
  await expect.poll(ready).toBe(200);
  expect(await session.call("prefetch_urls", { urls: ["https://example.com/a.mp4"], provider: "huawei-vod" })).toMatchObject({
    isError: false,
  });
});

it("a server whose store is deleted while it runs says so by /readyz and by calls, and sends nothing", async () => {
  const path = join(newFolder(), "store.sqlite");
  const { url } = await startServer({ PREFETCH_STORE: `sqlite:${path}` });
  const ready = async () => (await fetch(new URL("/readyz", url))).status;
  const session = await connect(url);
  const call = (name: string) => session.call("prefetch_urls", { urls: [`https://example.com/${name}.mp4`], provider: "huawei-vod" });
  expect(await call("a")).toMatchObject({ isError: false });
  expect(await ready()).toBe(200);
  for (const end of ["", "-wal", "-shm"]) rmSync(path + end);
  await expect.poll(ready).toBe(503);
  const refused = await call("b");
  expect(refused.text).toMatch(/^store_unavailable: The store \S+ cannot be used: its file was deleted or moved while the server ran\./);
  expect(refused.text).toContain("Nothing is admitted or sent until the server is restarted.");
  expect((await session.call("list_prefetch_tasks")).text).toContain("store_unavailable");
});
