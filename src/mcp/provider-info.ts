/** One provider as callers see it; limits and capabilities are known once it is configured. */
export interface ProviderInfo {
  readonly id: string;
  readonly title: string;
  readonly docs: string;
  readonly configured: boolean;
  /** Why it is not, and which variables to set. */
  readonly problem?: string;
  readonly accepts?: readonly string[];
  readonly tracking?: string;
  readonly depth?: string;
  readonly reach?: string;
  readonly limits?: Readonly<Record<string, string | number | undefined>>;
}
