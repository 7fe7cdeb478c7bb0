import { describe, expect, it } from "vitest";
import { readCommand } from "../../src/cli/config.ts";
import { readProxySettings } from "../../src/cli/proxy-settings.ts";

describe("readProxySettings", () => {
  it.each([
    [{}, undefined],
    [{ HTTPS_PROXY: "" }, undefined],
    [{ NO_PROXY: "a.example" }, undefined],
    [{ HTTPS_PROXY: "http://proxy.example:3128" }, { https: "http://proxy.example:3128/" }],
    [{ https_proxy: "proxy.example:3128", HTTPS_PROXY: "http://other.example" }, { https: "http://proxy.example:3128/" }],
    [
      { HTTP_PROXY: "https://proxy.example", no_proxy: " .corp, 10.0.0.1 " },
      { http: "https://proxy.example/", bypass: ".corp, 10.0.0.1" },
    ],
  ])("reads %j", (env, proxy) => {
    expect(readProxySettings(env)).toMatchObject({ warnings: [] });
    expect(readProxySettings(env).proxy).toEqual(proxy && { https: undefined, http: undefined, bypass: undefined, ...proxy });
  });

  it.each(["socks5://proxy.example:1080", "http://", "ftp://proxy.example", "http://a b"])(
    "warns of %s, and connects directly",
    (value) => {
      expect(readProxySettings({ HTTPS_PROXY: value })).toEqual({
        proxy: undefined,
        secrets: [],
        warnings: [expect.stringMatching(/^HTTPS_PROXY is ignored: it must be .*such as/)],
      });
    },
  );

  it("makes user and password secrets of the whole server, escaped or not", () => {
    const command = readCommand([], { HTTPS_PROXY: "http://us%40er:p%40ss@proxy.example:3128" });
    if (command.kind !== "serve") throw new Error("The command does not serve");
    expect(command.config.secrets).toEqual(expect.arrayContaining(["p%40ss", "p@ss", "us@er"]));
    expect(command.config.proxy).toMatchObject({ https: "http://us%40er:p%40ss@proxy.example:3128/" });
  });
});
