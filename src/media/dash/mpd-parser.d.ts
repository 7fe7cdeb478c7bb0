/** Types for mpd-parser, which has none. Values are `unknown`, so that zod checks them where they come in. */
declare module "mpd-parser" {
  export function stringToMpdXml(text: string): unknown;
  export function inheritAttributes(
    mpd: unknown,
    options: { readonly manifestUri: string; readonly NOW: number; readonly eventHandler: (event: unknown) => void },
  ): unknown;
  export function toPlaylists(representations: readonly unknown[]): unknown;
}
