/** The media assets of the emulated Huawei Cloud VOD, and their look-up (`ShowAssetMeta`). */

import type { Answer } from "../server/answer.ts";
import { jsonAnswer } from "../server/json.ts";

export interface SandboxAsset {
  /** `PUBLISHED` once its URLs can be prefetched. */
  readonly status: string;
  /** The source file, then the files to play. */
  readonly urls: readonly string[];
}

export interface AssetStore {
  find(id: string): SandboxAsset | undefined;
  /** Answers `GET asset/info`. */
  info(url: URL): Answer;
}

export function createAssetStore(assets: Readonly<Record<string, SandboxAsset>>): AssetStore {
  const find = (id: string) => (Object.hasOwn(assets, id) ? assets[id] : undefined);

  const describe = (id: string) => {
    const asset = find(id);
    if (!asset) return { asset_id: id, status: "NO_ASSET" };
    const [source, ...plays] = asset.urls;
    return {
      asset_id: id,
      status: asset.status,
      base_info: { video_url: source },
      play_info_array: plays.map((url) => ({ url })),
    };
  };

  return {
    find,
    info: ({ searchParams }) => {
      const found = searchParams.getAll("asset_id").map(describe);
      return jsonAnswer(200, { asset_info_array: found, is_truncated: 0, total: found.length });
    },
  };
}
