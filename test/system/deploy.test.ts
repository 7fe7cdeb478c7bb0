import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "dockerfile-utils";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { allSettings } from "../../src/cli/settings.ts";

const root = join(import.meta.dirname, "../..");
const read = (name: string) => readFileSync(join(root, "deploy", name), "utf8");
const everything = ["Dockerfile", "compose.yaml", "cdn-prefetch-mcp.service", "README.md"].map(read).join("\n");
const packageFile: Record<string, string> = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("deploy/Dockerfile", () => {
  const text = read("Dockerfile");
  const instructions = text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter(Boolean)
    .map((line) => ({ name: line.slice(0, line.indexOf(" ")), rest: line.slice(line.indexOf(" ") + 1) }));
  const final = instructions.slice(instructions.findLastIndex(({ name }) => name === "FROM"));
  const only = (name: string) => {
    const found = final.filter((instruction) => instruction.name === name);
    expect(found, name).toHaveLength(1);
    return found[0]?.rest ?? "";
  };

  it("passes the linter, which rejects broken instructions", () => {
    expect(validate(text)).toEqual([]);
    for (const [good, bad] of [
      ["--interval=30s", "--interva=30s"],
      ["EXPOSE 3399", "EXPOSE http:"],
      ["COPY src src", "COPY src"],
    ] as const) {
      expect(validate(text.replace(good, bad)), bad).toHaveLength(1);
    }
  });

  it("runs node as process 1 and not as root, with a stop signal and a health check", () => {
    expect(only("USER")).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(JSON.parse(only("ENTRYPOINT"))).toEqual(["node", "/app/dist/main.js"]);
    expect(only("STOPSIGNAL")).toBe("SIGTERM");
    const check = only("HEALTHCHECK").split("CMD ")[1] ?? "";
    expect(JSON.parse(check)).toEqual(["node", "-e", expect.stringContaining("http://127.0.0.1:3399/healthz")]);
    expect(only("VOLUME")).toBe("/data");
    expect(only("ENV")).toContain("PREFETCH_STORE=sqlite:/data/");
    for (const { rest } of instructions.filter(({ name }) => name === "FROM")) expect(rest).toMatch(/^node:24-slim( AS build)?$/);
  });

  it("has the labels of package.json", () => {
    const label = only("LABEL");
    const name = packageFile.mcpName ?? "io.github.cdn-prefetch-mcp/cdn-prefetch-mcp";
    expect(label).toContain(`io.modelcontextprotocol.server.name="${name}"`);
    expect(label).toContain(`org.opencontainers.image.title="${packageFile.name}"`);
    expect(label).toContain(`org.opencontainers.image.version="${packageFile.version}"`);
    expect(label).toContain(`org.opencontainers.image.licenses="${packageFile.license}"`);
  });

  it("copies only what exists and what the context holds", () => {
    const [hidden, ...shown] = read("Dockerfile.dockerignore")
      .replaceAll(/^#.*\n/gm, "")
      .trim()
      .split("\n");
    expect(hidden).toBe("*");
    const copied = instructions.filter(({ name, rest }) => name === "COPY" && !rest.startsWith("--from"));
    const sources = new Set(copied.flatMap(({ rest }) => rest.split(" ").slice(0, -1)));
    expect(shown.toSorted()).toEqual([...sources].map((source) => `!${source}`).sort());
    for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true);
  });
});

it("deploy/compose.yaml gives the container no more than it needs", () => {
  const compose = parse(read("compose.yaml"), { strict: true, uniqueKeys: true });
  expect(Object.keys(compose.services)).toEqual(["prefetch"]);
  expect(compose.services.prefetch).toMatchObject({
    build: { context: "..", dockerfile: "deploy/Dockerfile" },
    ports: ["127.0.0.1:3399:3399"],
    env_file: "./prefetch.env",
    environment: { PREFETCH_SERVER_TOKENS_FILE: "/run/secrets/prefetch_tokens" },
    secrets: ["prefetch_tokens"],
    volumes: ["data:/data"],
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    restart: "unless-stopped",
    stop_grace_period: "30s",
  });
  expect(compose.secrets).toEqual({ prefetch_tokens: { file: "./tokens.json" } });
  expect(compose.volumes).toHaveProperty("data");
  for (const key of ["privileged", "cap_add", "network_mode", "user", "pid"]) expect(compose.services.prefetch).not.toHaveProperty(key);
});

it("deploy/cdn-prefetch-mcp.service is confined, and sets nothing twice", () => {
  const lists = ["Environment", "SystemCallFilter"];
  const unit = new Map<string, string[]>();
  let section = "";
  for (const line of read("cdn-prefetch-mcp.service").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, header, key = "", value = ""] = /^(?:\[(\w+)\]|(\w+)=(.*))$/.exec(line) ?? expect.unreachable(line);
    if (header) section = header;
    else unit.set(`${section}.${key}`, [...(unit.get(`${section}.${key}`) ?? []), value]);
  }
  const repeated = [...unit].filter(([key, values]) => values.length > 1 && !lists.includes(key.split(".")[1] ?? ""));
  expect(repeated).toEqual([]);
  expect(new Set([...unit.keys()].map((key) => key.split(".")[0]))).toEqual(new Set(["Unit", "Service", "Install"]));
  const yes = ["DynamicUser", "NoNewPrivileges", "ProtectHome", "PrivateDevices", "PrivateTmp", "PrivateUsers", "RestrictNamespaces"];
  for (const key of yes) expect(unit.get(`Service.${key}`), key).toEqual(["yes"]);
  expect(Object.fromEntries(unit)).toMatchObject({
    "Service.CapabilityBoundingSet": [""],
    "Service.ProtectSystem": ["strict"],
    "Service.StateDirectory": ["cdn-prefetch-mcp"],
    "Service.LoadCredential": ["tokens:/etc/cdn-prefetch-mcp/tokens.json"],
    "Service.EnvironmentFile": ["/etc/cdn-prefetch-mcp/prefetch.env"],
    "Service.Restart": ["on-failure"],
    "Service.KillSignal": ["SIGTERM"],
    "Service.TimeoutStopSec": ["30"],
  });
  expect(unit.get("Service.Environment")).toContain("PREFETCH_SERVER_TOKENS_FILE=%d/tokens");
  expect(unit.get("Service.ExecStart")?.[0]).toMatch(/^\/usr\/bin\/node \S+\/dist\/main\.js$/);
  // V8 compiles while it runs, so this one would keep the server from starting.
  expect(unit.has("Service.MemoryDenyWriteExecute")).toBe(false);
});

it("names only settings, ports and paths that exist", () => {
  const fallback = new Map(allSettings.map(({ name, fallback }) => [name, fallback]));
  const named = new Set(everything.match(/\b(?:PREFETCH|HUAWEICLOUD|ALIBABA_CLOUD)_[A-Z0-9_]+\b/g));
  expect([...named].filter((name) => !fallback.has(name))).toEqual([]);
  expect(named).toContain("PREFETCH_SERVER_TOKENS_FILE");
  const port = fallback.get("PREFETCH_SERVER_PORT");
  const ports = [...everything.matchAll(/(?:EXPOSE |127\.0\.0\.1:(?:\d+:)?|port )(\d+)/g)].map((found) => found[1]);
  expect(new Set(ports)).toEqual(new Set([port]));
  const path = fallback.get("PREFETCH_SERVER_PATH");
  expect(everything).toContain(`location = ${path} {`);
  expect(everything).toMatch(new RegExp(`^PREFETCH_SERVER_PUBLIC_URL=https://[a-z.]+${path}$`, "m"));
  expect(JSON.parse(/```json\n(.*?)```/s.exec(read("README.md"))?.[1] ?? "")).toHaveLength(1);
});
