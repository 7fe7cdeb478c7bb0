/** Keeps vendor answers for a while. A lost entry costs one more vendor call; no fact may live only here. */
export interface Cache<Value> {
  get(key: string): Promise<Value | undefined>;
  delete(key: string): Promise<unknown>;
  set(key: string, value: Value, ttlMs: number): Promise<unknown>;
}
