/** Part of every answer of a server in sandbox mode. */
export const sandboxNotice = "Sandbox: emulated vendors, no real CDN is touched.";
