/** Keys and list positions from the top of a file down to a value. */
export type JsonPath = readonly (string | number)[];

/** `channels.config.json: agents.coach.messages[0].role`, the form every problem is reported in. */
export function pathText(file: string, path: JsonPath): string {
  const inside = path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[\w$-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
  return inside === "" ? file : `${file}: ${inside}`;
}

/** Zod's paths may hold symbols by type; JSON has none. */
export function jsonPath(path: readonly PropertyKey[]): JsonPath {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}
