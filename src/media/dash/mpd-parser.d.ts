/** mpd-parser has no types. What it takes and gives is `unknown` here, and read with zod where it comes in. */
declare module "mpd-parser" {
  export function stringToMpdXml(text: string): unknown;
  export function inheritAttributes(
    mpd: unknown,
    options: { readonly manifestUri: string; readonly NOW: number; readonly eventHandler: (event: unknown) => void },
  ): unknown;
  export function toPlaylists(representations: readonly unknown[]): unknown;
}
