/** One provider in the `prefetch://providers` resource; its limits and capabilities are known once it is configured. */
export interface ProviderInfo {
  readonly id: string;
  readonly title: string;
  readonly docs: string;
  readonly configured: boolean;
  /** Names the missing settings of a provider that is not configured. */
  readonly problem?: string;
  readonly accepts?: readonly string[];
  readonly tracking?: string;
  readonly depth?: string;
  readonly reach?: string;
  readonly purging?: string;
  readonly limits?: Readonly<Record<string, string | number | undefined>>;
}
