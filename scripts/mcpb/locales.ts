/** The texts of the bundle that no other file has, and the files from which hosts read a language. */

import { dialogue } from "./dialogue.ts";
import type { Manifest } from "./manifest.ts";
import { type Locale, locales } from "./texts.ts";

interface Translation {
  readonly display_name: string;
  readonly description: string;
  readonly long_description: string;
  readonly author: { readonly name: string };
  readonly keywords: readonly string[];
  readonly tools: readonly { readonly name: string; readonly description: string }[];
}

const chinese: Omit<Translation, "tools"> = {
  display_name: "CDN 预热",
  description: "为 CDN 预热的 MCP 服务器：提交 URL 或媒资 ID，每个 URL 要么完成预热，要么给出原因和下一步操作。",
  long_description:
    "在观众访问之前让 CDN 缓存好内容。支持华为云视频点播和阿里云视频点播的预热接口，也可以不用厂商账号，直接经由节点预热任意 CDN。自动去重和拆分列表，遵守每日配额，重启或应答丢失时不会重复消耗配额，并能逐个 URL 验证节点是否已缓存。",
  author: { name: "cdn-prefetch-mcp 作者" },
  keywords: ["MCP", "CDN", "预热", "缓存", "视频点播", "华为云", "阿里云"],
};

const chineseTools: Readonly<Record<string, string>> = {
  prefetch_asset: "按媒资 ID 预热已发布的媒资（一次最多 100 个），包括所有清晰度。按 URL 数消耗每日配额。",
  prefetch_urls: "预热 1 到 10,000 个 URL，自动拆分、去重，并逐一说明无法使用的 URL。",
  get_prefetch_status: "查看预热任务的进度，可细化到每个 URL。不消耗配额。",
  verify_prefetch: "询问 CDN 节点是否已缓存这些 URL，并说明未缓存的原因和改进方法。不消耗配额。",
  list_prefetch_tasks: "列出最近 30 天的预热任务。不消耗配额。",
  cancel_prefetch: "取消预热任务，释放尚未发送的 URL 所占的配额。",
  get_prefetch_quota: "查看今天还能预热多少 URL，以及配额何时重置。不消耗配额。",
};

/** Throws for a tool without a translation. */
function translationOf(locale: Locale, manifest: Manifest): Translation {
  if (locale === "en-US") {
    const { display_name, description, long_description, author, keywords, tools } = manifest;
    return { display_name, description, long_description, author, keywords, tools };
  }
  const tools = manifest.tools.map(({ name }) => {
    const description = chineseTools[name];
    if (description === undefined) throw new Error(`scripts/mcpb/locales.ts has no Chinese description of ${name}: add one`);
    return { name, description };
  });
  return { ...chinese, tools };
}

/**
 * File contents by path. Their form is that of the manifest: https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md
 * The specification does not name `user_config` among the translated fields; a host that does not know it there ignores it.
 */
export function localeFiles(manifest: Manifest): Record<string, object> {
  return Object.fromEntries(
    locales.map((locale) => {
      const fields = dialogue.map(({ key, title, about }) => [key, { title: title[locale], description: about[locale] }]);
      const content = { ...translationOf(locale, manifest), user_config: Object.fromEntries(fields) };
      return [manifest.localization.resources.replace(/\$\{locale\}/, locale), content];
    }),
  );
}
