import { PrefetchError } from "../errors.ts";
import type { Provider } from "./provider.ts";

/** The providers that this server knows, and those that it has credentials for. */
export interface ProviderDirectory {
  readonly known: readonly string[];
  readonly configured: readonly string[];
  /** Throws `not_configured`, naming the variables to set. */
  get(id: string): Promise<Provider>;
}

/** The provider that a call means: the one it names, or the only one there is to mean. */
export async function chooseProvider(directory: ProviderDirectory, named: string | undefined): Promise<Provider> {
  const { known, configured } = directory;
  if (named !== undefined) {
    if (!known.includes(named)) {
      throw new PrefetchError("invalid_argument", `provider: "${named.slice(0, 60)}" is not known`, {
        hint: `Choose one of: ${known.join(", ")}.`,
      });
    }
    return directory.get(named);
  }
  const choices = configured.length > 0 ? configured : known;
  const [only] = choices;
  if (choices.length === 1 && only !== undefined) return directory.get(only);
  if (configured.length === 0) {
    throw new PrefetchError("not_configured", "No provider is configured", {
      hint: `Read prefetch://providers for the variables that each of ${known.join(", ")} needs.`,
    });
  }
  throw new PrefetchError("invalid_argument", "provider: several providers are configured and none was named", {
    hint: `Choose one of: ${configured.join(", ")}.`,
  });
}
