/** Keys and list positions from the top of a file to a value. */
export type JsonPath = readonly (string | number)[];

/** Formats a path like `channels.config.json: agents.coach.messages[0].role`. Every problem uses this format. */
export function pathText(file: string, path: JsonPath): string {
  const inside = path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[\w$-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
  return inside === "" ? file : `${file}: ${inside}`;
}

/** Converts Zod's paths. Their type allows symbols, but JSON has none. */
export function jsonPath(path: readonly PropertyKey[]): JsonPath {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}
