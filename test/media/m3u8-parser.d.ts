/** m3u8-parser has no types; what it gives is read from `unknown`. */
declare module "m3u8-parser" {
  export class Parser {
    constructor(options?: { readonly uri?: string });
    push(text: string): void;
    end(): void;
    readonly manifest: unknown;
  }
}
