/** A real authorization server on loopback. It issues JWT access tokens for one resource. */

import { generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT } from "jose";
import Provider from "oidc-provider";
import { onTestFinished } from "vitest";
import { z } from "zod";

export interface AuthorizationServer {
  readonly issuer: string;
  /** A token for a client, by the client credentials grant. */
  token(client: string, scope: string, resource?: string): Promise<string>;
  /** A token that is signed with the server's own key, whatever it says; a claim that is `undefined` is left out. */
  forge(claims: Readonly<Record<string, unknown>>, options?: ForgeOptions): Promise<string>;
  readonly clientSecret: string;
  /** How often its keys were fetched. */
  keyRequests(): number;
  stop(): Promise<void>;
  /** Listens again, where it did before. */
  start(): Promise<void>;
}

export interface ForgeOptions {
  readonly kid?: string;
  readonly key?: KeyObject;
  readonly alg?: string;
}

export interface AuthorizationServerOptions {
  readonly resource: string;
  readonly clients: readonly string[];
  /** Claims that the tokens of a client carry beside the usual ones. */
  readonly claimsOf?: (client: string) => Record<string, string>;
}

const scopes = ["prefetch:read", "prefetch:write", "prefetch:admin", "other"];
const clientSecret = "a-secret-of-the-client";

export async function startAuthorizationServer({ resource, clients, claimsOf }: AuthorizationServerOptions): Promise<AuthorizationServer> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...(await exportJWK(privateKey)), kid: "the-key", alg: "RS256", use: "sig" };
  let handle: ReturnType<Provider["callback"]> | undefined;
  let keyRequests = 0;
  const server = createServer((request, response) => {
    if (request.url === "/jwks") keyRequests += 1;
    void handle?.(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: clients.map((client_id) => ({
      client_id,
      client_secret: clientSecret,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys: [key] },
    scopes,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, indicator) => ({
          scope: scopes.join(" "),
          audience: indicator,
          accessTokenFormat: "jwt",
          accessTokenTTL: 600,
        }),
      },
    },
    extraTokenClaims: (_, token) => claimsOf?.(String(token.clientId)),
  });
  handle = provider.callback();
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(stop);

  return {
    issuer,
    clientSecret,
    keyRequests: () => keyRequests,
    stop,
    start: async () => {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
    },
    token: async (client, scope, indicator = resource) => {
      const response = await fetch(`${issuer}/token`, {
        method: "POST",
        headers: { authorization: `Basic ${Buffer.from(`${client}:${clientSecret}`).toString("base64")}` },
        body: new URLSearchParams({ grant_type: "client_credentials", scope, resource: indicator }),
      });
      return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
    },
    forge: (claims, { kid = "the-key", key: signingKey = privateKey, alg = "RS256" } = {}) => {
      const now = Math.floor(Date.now() / 1_000);
      const usual = { iss: issuer, aud: resource, sub: "somebody", iat: now, exp: now + 600, jti: randomUUID(), scope: "prefetch:read" };
      const all = Object.fromEntries(Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined));
      return new SignJWT(all).setProtectedHeader({ alg, kid, typ: "at+jwt" }).sign(signingKey);
    },
  };
}
