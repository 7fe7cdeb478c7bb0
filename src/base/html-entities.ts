/** The named entities of ASCII characters. https://html.spec.whatwg.org/multipage/named-characters.html */

const names: Readonly<Record<string, string>> = {
  "!": "excl",
  '"': "quot QUOT",
  "#": "num",
  $: "dollar",
  "%": "percnt",
  "&": "amp AMP",
  "'": "apos",
  "(": "lpar",
  ")": "rpar",
  "*": "ast midast",
  "+": "plus",
  ",": "comma",
  ".": "period",
  "/": "sol",
  ":": "colon",
  ";": "semi",
  "<": "lt LT",
  "=": "equals",
  ">": "gt GT",
  "?": "quest",
  "@": "commat",
  "[": "lsqb lbrack",
  "\\": "bsol",
  "]": "rsqb rbrack",
  "^": "Hat",
  _: "lowbar UnderBar",
  "`": "grave",
  "{": "lcub lbrace",
  "|": "verbar vert VerticalLine",
  "}": "rcub rbrace",
  " ": "nbsp Tab NewLine",
};

/** Code point by name. A name that stands for a blank counts as one. */
export const entityCodes: ReadonlyMap<string, number> = new Map(
  Object.entries(names).flatMap(([character, words]) => words.split(" ").map((name) => [name, character.charCodeAt(0)] as const)),
);
