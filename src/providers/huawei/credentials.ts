/** The ways to prove who we are. */
export type HuaweiCredentials =
  | { readonly kind: "keys"; readonly ak: string; readonly sk: string; readonly securityToken?: string | undefined }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "password"; readonly user: string; readonly password: string; readonly domain: string; readonly iamEndpoint: string };

export function secretsOf(credentials: HuaweiCredentials): string[] {
  if (credentials.kind === "token") return [credentials.token];
  if (credentials.kind === "password") return [credentials.password];
  const { ak, sk, securityToken } = credentials;
  return securityToken === undefined ? [ak, sk] : [ak, sk, securityToken];
}
