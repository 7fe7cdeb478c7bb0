/**
 * Certificates for the loopback address: a good one, and one for each kind of fault. Node cannot create certificates, so
 * openssl did, with one key for all. They are valid from 2020 to 2120, except for the expired one.
 */

const key = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIKmREuIlQsXExuu+1x80i+I+d3p1JAIs1j+4F7N88tRKoAoGCCqGSM49
AwEHoUQDQgAEHx1ElW9mQUuSVkVZzNi4HsXoBn4ZI66ydeNLUJhev6q5qNrOr3CO
NwloWJIonlRJn8Itcu1TI4NAUJxVMqJI9w==
-----END EC PRIVATE KEY-----
`;

export type CertificateName = "good" | "of nobody known" | "expired" | "of another name";

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export const certificates: Readonly<Record<CertificateName, Certificate>> = {
  good: {
    key,
    cert: `-----BEGIN CERTIFICATE-----
MIIBUDCB+KADAgECAgEBMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBGdvb2QwIBcN
MjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBGdvb2Qw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQfHUSVb2ZBS5JWRVnM2LgexegGfhkj
rrJ140tQmF6/qrmo2s6vcI43CWhYkiieVEmfwi1y7VMjg0BQnFUyokj3o0MwQTAP
BgNVHREECDAGhwR/AAABMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFM4ll7Q4
ZQ16EGZ8fCsbKbs6wNq8MAoGCCqGSM49BAMCA0cAMEQCIFwQIT+pC74Fptt+jjyK
tO7xo2Eb5wo4OCJdXJZiB0jlAiAxAP6r8t6aYx0ONzXWN1OfzEr2poieBtcpwvWY
KBwLmg==
-----END CERTIFICATE-----
`,
  },
  "of nobody known": {
    key,
    cert: `-----BEGIN CERTIFICATE-----
MIIBYTCCAQigAwIBAgIBAzAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxub2JvZHkg
a25vd3MwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBcxFTATBgNV
BAMMDG5vYm9keSBrbm93czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB8dRJVv
ZkFLklZFWczYuB7F6AZ+GSOusnXjS1CYXr+quajazq9wjjcJaFiSKJ5USZ/CLXLt
UyODQFCcVTKiSPejQzBBMA8GA1UdEQQIMAaHBH8AAAEwDwYDVR0TAQH/BAUwAwEB
/zAdBgNVHQ4EFgQUziWXtDhlDXoQZnx8KxspuzrA2rwwCgYIKoZIzj0EAwIDRwAw
RAIgD/4rpmvii1+Q7lCSFW6Kdtds/h2N7+xrJ0oCJSuDmZsCIGrqO0dG8e8ilzfx
oAp3CVKXcKFXTKaewqHRe7eO8VsX
-----END CERTIFICATE-----
`,
  },
  expired: {
    key,
    cert: `-----BEGIN CERTIFICATE-----
MIIBVjCB/KADAgECAgEEMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB2V4cGlyZWQw
HhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdleHBp
cmVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHx1ElW9mQUuSVkVZzNi4HsXo
Bn4ZI66ydeNLUJhev6q5qNrOr3CONwloWJIonlRJn8Itcu1TI4NAUJxVMqJI96ND
MEEwDwYDVR0RBAgwBocEfwAAATAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTO
JZe0OGUNehBmfHwrGym7OsDavDAKBggqhkjOPQQDAgNJADBGAiEAxa3/AAHw7/nv
4XXMR4zTSXB1cCkTJRvJqZ8EjuQbF/0CIQDMOHnblGo0Q0bK3aK5zMY2sfsjYSJZ
xbwDHia7mxDM1w==
-----END CERTIFICATE-----
`,
  },
  "of another name": {
    key,
    cert: `-----BEGIN CERTIFICATE-----
MIIBazCCARGgAwIBAgIBAjAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDAp3cm9uZyBu
YW1lMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAVMRMwEQYDVQQD
DAp3cm9uZyBuYW1lMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHx1ElW9mQUuS
VkVZzNi4HsXoBn4ZI66ydeNLUJhev6q5qNrOr3CONwloWJIonlRJn8Itcu1TI4NA
UJxVMqJI96NQME4wHAYDVR0RBBUwE4IRZWxzZXdoZXJlLmV4YW1wbGUwDwYDVR0T
AQH/BAUwAwEB/zAdBgNVHQ4EFgQUziWXtDhlDXoQZnx8KxspuzrA2rwwCgYIKoZI
zj0EAwIDSAAwRQIhALUk78TO+zsT07zznNEXf1EK9vuv4bSVv3CWTRCgBwy/AiAl
J5mjPvJmT69BmCVBI4HP1IN4Lvb4jBQCK49f7ZEF2g==
-----END CERTIFICATE-----
`,
  },
};

/** The certificates that a client trusts, so each bad certificate fails for one reason only. */
export const trusted: readonly string[] = (["good", "expired", "of another name"] as const).map((name) => certificates[name].cert);
