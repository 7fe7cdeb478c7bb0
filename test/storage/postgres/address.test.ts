import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { type PostgresVariables, readPostgresAddress, shownAddress } from "../../../src/storage/postgres/address.ts";
import { newFolder } from "../file-harness.ts";

const me = userInfo().username;
const everywhere: PostgresVariables = { PGHOST: "db.example", PGPORT: "6000", PGUSER: "ann", PGPASSWORD: "s3cr3t", PGDATABASE: "cdn" };

describe("the address of the database", () => {
  it.each([
    ["postgres://", {}, { host: "localhost", port: 5_432, user: me, database: me, password: undefined, tls: undefined }],
    ["postgres:///cdn", {}, { host: "localhost", database: "cdn" }],
    ["postgres://", everywhere, { host: "db.example", port: 6_000, user: "ann", password: "s3cr3t", database: "cdn" }],
    ["postgresql://bob@other.example:7000/b%20c", everywhere, { host: "other.example", port: 7_000, user: "bob", database: "b c" }],
    ["postgres://bob@[::1]:7000/x", {}, { host: "::1", tls: undefined }],
    ["postgres://%2Fvar%2Frun%2Fpostgresql/x", {}, { host: "/var/run/postgresql", tls: undefined }],
    ["postgres:///x", { PGHOST: "/var/run/postgresql" }, { host: "/var/run/postgresql", tls: undefined }],
  ])("of %s with %o takes what it leaves out from libpq's variables", (given, variables, expected) => {
    expect(readPostgresAddress(given, variables)).toMatchObject(expected);
  });

  it("is shown without the password", () => {
    const address = readPostgresAddress("postgres://", everywhere);
    expect(shownAddress(address)).toBe("postgres://ann@db.example:6000/cdn");
    expect(shownAddress({ ...address, host: "::1" })).toBe("postgres://ann@[::1]:6000/cdn");
  });

  it.each([
    ["postgres://ann:s3cr3t@db.example/cdn", {}, /must hold no password/],
    ["postgres://db.example/cdn?sslmode=disable", {}, /must end with the database/],
    ["postgres://db.example/cdn/more", {}, /must name one database/],
    ["postgres://db.example/%zz", {}, /has a %/],
    ["mysql://db.example/cdn", {}, /must be an address such as/],
    ["postgres://db.example/cdn", { PGPORT: "many" }, /needs a port/],
    ["postgres://db.example/cdn", { PGSSLMODE: "off" }, /cannot be used with PGSSLMODE=off/],
    ["postgres://db.example/cdn", { PGSSLMODE: "disable" }, /would send all that is stored unencrypted/],
    ["postgres://127.0.0.1.example/cdn", { PGSSLMODE: "disable" }, /would send all that is stored unencrypted/],
    ["postgres://db.example/cdn", { PGSSLROOTCERT: "/no/such/file" }, /needs the file in PGSSLROOTCERT/],
  ])("is refused without being quoted: %s with %o", (given, variables, message) => {
    const read = () => readPostgresAddress(given, variables);
    expect(read).toThrow(message);
    expect(read).toThrow(PrefetchError);
    expect(read).not.toThrow(/s3cr3t|db\.example/);
  });

  it.each(["allow", "prefer", "require", "verify-ca", "verify-full", undefined])(
    "asks for proven TLS on other machines in mode %s",
    (mode) => {
      expect(readPostgresAddress("postgres://db.example/cdn", { PGSSLMODE: mode }).tls).toEqual({ ca: undefined });
    },
  );

  it.each([
    ["disable", false],
    ["prefer", false],
    ["require", true],
    ["verify-full", true],
  ])("in mode %s on this machine is encrypted: %s", (mode, isEncrypted) => {
    expect(readPostgresAddress("postgres://localhost/cdn", { PGSSLMODE: mode }).tls !== undefined).toBe(isEncrypted);
  });

  it("trusts the certificates in PGSSLROOTCERT alone", () => {
    const file = join(newFolder(), "ca.pem");
    writeFileSync(file, "certificates");
    expect(readPostgresAddress("postgres://db.example/cdn", { PGSSLROOTCERT: file }).tls).toEqual({ ca: "certificates" });
    expect(readPostgresAddress("postgres://db.example/cdn", { PGSSLROOTCERT: "system" }).tls).toEqual({ ca: undefined });
  });
});
