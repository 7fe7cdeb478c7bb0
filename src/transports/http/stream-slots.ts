/** Limits how many notification streams each tenant has open. */

export interface StreamSlots {
  /** Takes a slot and returns its idempotent release function, or `undefined` when the tenant has none left. */
  acquire(tenant: string): (() => void) | undefined;
}

export function createStreamSlots(mostPerTenant: number): StreamSlots {
  const taken = new Map<string, number>();
  return {
    acquire: (tenant) => {
      const count = taken.get(tenant) ?? 0;
      if (count >= mostPerTenant) return undefined;
      taken.set(tenant, count + 1);
      let released = false;
      return () => {
        if (released) return;
        released = true;
        const left = (taken.get(tenant) ?? 1) - 1;
        if (left > 0) taken.set(tenant, left);
        else taken.delete(tenant);
      };
    },
  };
}
