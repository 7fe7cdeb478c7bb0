/** Remembers vendor answers for a while. Losing it costs a vendor call, never a fact. */
export interface Cache<Value> {
  get(key: string): Promise<Value | undefined>;
  delete(key: string): Promise<unknown>;
  set(key: string, value: Value, ttlMs: number): Promise<unknown>;
}
