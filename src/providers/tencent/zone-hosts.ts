/** The form of `PREFETCH_TENCENT_EDGEONE_HOSTS`. Read before the provider is loaded. */

import type { HostsForm } from "../kit/hosts.ts";

export const zoneHosts: HostsForm = {
  example: "cdn.example.com=zone-2o1t24kgy362, *.example.org=zone-2noz78a8ev6k",
  id: /^zone-[a-z0-9]{1,40}$/,
  auto: true,
};
