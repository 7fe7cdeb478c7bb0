/** `spend` uses the vendor's quota; `stop` cancels unsent work and so frees quota; `read` changes nothing. */
export type Intent = "spend" | "stop" | "read";
