/** `spend` uses up the vendor's quota and only ever adds; `stop` keeps some of it from being used; `read` changes nothing. */
export type Intent = "spend" | "stop" | "read";
