/** A part of the page: made once per language, and told each new state. */

import type { ItemRow } from "../answers/task.ts";
import type { Follower } from "../follow/follower.ts";
import type { Filter } from "../state/filter.ts";
import type { ViewState } from "../state/view-state.ts";
import type { Format } from "../words/format.ts";
import type { Words } from "../words/words.ts";

/** Everything that the parts show. */
export interface Model {
  readonly state: ViewState;
  readonly rows: readonly ItemRow[];
  /** Every row of the task is here. */
  readonly hasAllRows: boolean;
  readonly filter: Filter;
  readonly canCallTools: boolean;
  readonly isConnected: boolean;
  readonly busy: Busy | undefined;
  readonly updatedAt: number | undefined;
  readonly now: number;
}

/** The call of a person that is under way. */
export type Busy = "ask" | "verify" | "cancel" | "copy";

export interface Actions {
  ask(): void;
  verify(): void;
  verifyMore(): void;
  cancel(): void;
  /** Resolves with the URLs that were not prefetched, or with `undefined` when they could not be read. */
  failedUrls(): Promise<readonly string[] | undefined>;
  filter(filter: Filter): void;
  wantRows: Follower["wantRows"];
  announce(text: string): void;
}

export interface PartContext {
  readonly words: Words;
  readonly format: Format;
  readonly actions: Actions;
}

export interface Part {
  readonly node: HTMLElement;
  update(model: Model): void;
}
