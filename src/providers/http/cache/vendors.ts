/**
 * Every CDN whose cache headers can be read. To add one:
 * 1. Write `vendors/<id>.ts` after the pattern of its neighbours; vendor.ts explains each member.
 * 2. Add it to this list.
 * 3. Write `test/providers/http/cache/vendors/<id>.test.ts`; a test fails while it is missing.
 * 4. Name the vendor in docs/verifying.md.
 */

import type { Vendor } from "./vendor.ts";
import { akamai } from "./vendors/akamai.ts";
import { alibaba } from "./vendors/alibaba.ts";
import { alibabaEsa } from "./vendors/alibaba-esa.ts";
import { arvan } from "./vendors/arvan.ts";
import { azure } from "./vendors/azure.ts";
import { baidu } from "./vendors/baidu.ts";
import { baishan } from "./vendors/baishan.ts";
import { bunny } from "./vendors/bunny.ts";
import { cachefly } from "./vendors/cachefly.ts";
import { cdn77 } from "./vendors/cdn77.ts";
import { cloudflare } from "./vendors/cloudflare.ts";
import { cloudfront } from "./vendors/cloudfront.ts";
import { edgeone } from "./vendors/edgeone.ts";
import { edgio } from "./vendors/edgio.ts";
import { fastly } from "./vendors/fastly.ts";
import { fly } from "./vendors/fly.ts";
import { gcore } from "./vendors/gcore.ts";
import { google } from "./vendors/google.ts";
import { hostinger } from "./vendors/hostinger.ts";
import { huawei } from "./vendors/huawei.ts";
import { imperva } from "./vendors/imperva.ts";
import { keycdn } from "./vendors/keycdn.ts";
import { ksyun } from "./vendors/ksyun.ts";
import { medianova } from "./vendors/medianova.ts";
import { netlify } from "./vendors/netlify.ts";
import { ovh } from "./vendors/ovh.ts";
import { qiniu } from "./vendors/qiniu.ts";
import { quicCloud } from "./vendors/quic-cloud.ts";
import { stackpath } from "./vendors/stackpath.ts";
import { stateCloud } from "./vendors/state-cloud.ts";
import { sucuri } from "./vendors/sucuri.ts";
import { swiftserve } from "./vendors/swiftserve.ts";
import { tencent } from "./vendors/tencent.ts";
import { upyun } from "./vendors/upyun.ts";
import { vercel } from "./vendors/vercel.ts";
import { volcengine } from "./vendors/volcengine.ts";
import { wangsu } from "./vendors/wangsu.ts";

/** The first vendor is named when a response carries marks of several vendors and neither `Server` nor `Via` names the outermost. */
const list = [
  cloudflare,
  cloudfront,
  bunny,
  vercel,
  netlify,
  gcore,
  cdn77,
  azure,
  akamai,
  fastly,
  keycdn,
  cachefly,
  medianova,
  swiftserve,
  google,
  hostinger,
  sucuri,
  imperva,
  quicCloud,
  edgio,
  stackpath,
  ovh,
  fly,
  arvan,
  qiniu,
  upyun,
  edgeone,
  alibabaEsa,
  huawei,
  volcengine,
  baidu,
  tencent,
  alibaba,
  ksyun,
  baishan,
  stateCloud,
  wangsu,
];

export type VendorId = (typeof list)[number]["id"];

export const vendors: readonly Vendor<VendorId>[] = list;

const byId = new Map(vendors.map((vendor) => [vendor.id, vendor]));

export function vendorOf(id: VendorId | undefined): Vendor<VendorId> | undefined {
  return id === undefined ? undefined : byId.get(id);
}
