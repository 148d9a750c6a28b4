/** A result as text. Content that is no text is only named. */
export function mcpResultText(result: object): string {
  const parts: unknown[] = "content" in result && Array.isArray(result.content) ? result.content : [result];
  const written = parts.map(partText).join("\n");
  // The protocol asks servers to repeat structured content as text, and not all of them do.
  const structured = "structuredContent" in result ? result.structuredContent : undefined;
  const text = written === "" && structured !== undefined ? JSON.stringify(structured) : written;
  return "isError" in result && result.isError === true ? `The tool failed: ${text}` : text;
}

function partText(part: unknown): string {
  const { type, text, mimeType, resource } = fieldsOf(part);
  if (type === "text" && typeof text === "string") return text;
  if (type === "image" || type === "audio") return `[${type} ${mimeType}, not shown]`;
  if (type !== "resource") return JSON.stringify(part);
  const { uri, text: written, mimeType: kind } = fieldsOf(resource);
  if (typeof written === "string") return written;
  return `[resource ${[uri, kind].filter((word) => typeof word === "string").join(" ")}, not shown]`;
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {};
