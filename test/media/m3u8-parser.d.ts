/** Types for m3u8-parser, which has none. Its manifest stays `unknown`. */
declare module "m3u8-parser" {
  export class Parser {
    constructor(options?: { readonly uri?: string });
    push(text: string): void;
    end(): void;
    readonly manifest: unknown;
  }
}
