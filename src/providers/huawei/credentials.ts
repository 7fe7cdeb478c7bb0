/** Huawei Cloud credentials and the settings that give them. */

import type { Secrets } from "../../base/secrets.ts";
import type { SettingValues } from "../../base/setting.ts";

export type HuaweiCredentials =
  | { readonly kind: "keys"; readonly ak: string; readonly sk: string; readonly securityToken?: string | undefined }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "password"; readonly user: string; readonly password: string; readonly domain: string; readonly iamEndpoint: string };

/** Has the credentials hidden where they must not show. */
export function rememberCredentials({ add, addKeyId }: Pick<Secrets, "add" | "addKeyId">, credentials: HuaweiCredentials): void {
  if (credentials.kind === "token") add(credentials.token);
  else if (credentials.kind === "password") add(credentials.password);
  else {
    const { ak, sk, securityToken } = credentials;
    addKeyId(ak);
    add(sk);
    if (securityToken !== undefined) add(securityToken);
  }
}

interface Problem {
  readonly problem: string;
}

/** Keys first, then a token, then a login. Half a pair is a problem: the next kind would hide the mistake. */
export function readCredentials(values: SettingValues, iamEndpoint: string): HuaweiCredentials | Problem {
  const { PREFETCH_HUAWEI_IAM_TOKEN: token } = values;
  return (
    readKeys(values) ??
    (token === undefined ? undefined : { kind: "token", token }) ??
    readLogin(values, iamEndpoint) ?? {
      problem:
        "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK (or PREFETCH_HUAWEI_IAM_TOKEN, or PREFETCH_HUAWEI_IAM_USER, _PASSWORD and _DOMAIN)",
    }
  );
}

function readKeys(values: SettingValues): HuaweiCredentials | Problem | undefined {
  const { HUAWEICLOUD_SDK_AK: ak, HUAWEICLOUD_SDK_SK: sk, HUAWEICLOUD_SDK_SECURITY_TOKEN: securityToken } = values;
  if (ak !== undefined && sk !== undefined) return { kind: "keys", ak, sk, securityToken };
  if (ak !== undefined) return { problem: "set HUAWEICLOUD_SDK_SK (HUAWEICLOUD_SDK_AK is set without it)" };
  if (sk !== undefined) return { problem: "set HUAWEICLOUD_SDK_AK (HUAWEICLOUD_SDK_SK is set without it)" };
  return undefined;
}

function readLogin(values: SettingValues, iamEndpoint: string): HuaweiCredentials | Problem | undefined {
  const { PREFETCH_HUAWEI_IAM_USER: user, PREFETCH_HUAWEI_IAM_PASSWORD: password, PREFETCH_HUAWEI_IAM_DOMAIN: domain } = values;
  if (user !== undefined && password !== undefined && domain !== undefined)
    return { kind: "password", user, password, domain, iamEndpoint };
  if (user === undefined && password === undefined && domain === undefined) return undefined;
  return { problem: "set all of PREFETCH_HUAWEI_IAM_USER, PREFETCH_HUAWEI_IAM_PASSWORD and PREFETCH_HUAWEI_IAM_DOMAIN" };
}
