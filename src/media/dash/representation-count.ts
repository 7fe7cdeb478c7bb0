/**
 * Predicts how many representations `mpd-parser` will produce. Each level of a manifest may offer several base URLs,
 * and the parser combines each of them with each base URL of the level below.
 */

export interface RepresentationCount {
  /** Takes the manifest's elements in document order; the root has depth 0. */
  addElement(name: string, depth: number): void;
  /** At least the number of representations that the parser will produce. */
  readonly most: number;
}

export function createRepresentationCount(): RepresentationCount {
  let representations = 0;
  /** Base URLs in the open element, by depth. */
  const baseUrls: number[] = [];
  /** Most base URLs in one element, by depth. */
  const mostBaseUrls: number[] = [];
  return {
    addElement: (name, depth) => {
      if (name === "Representation") representations += 1;
      if (name === "BaseURL") {
        const count = (baseUrls[depth] ?? 0) + 1;
        baseUrls[depth] = count;
        mostBaseUrls[depth] = Math.max(mostBaseUrls[depth] ?? 1, count);
      }
      baseUrls[depth + 1] = 0;
    },
    get most() {
      return mostBaseUrls.reduce((product, count) => product * count, representations);
    },
  };
}
