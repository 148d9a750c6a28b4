/** One Server-Sent Event. */
export interface ReceivedEvent {
  id: string | null;
  event: string;
  data: string;
}

/**
 * Reads an event stream cut at any place. Call it with each piece of text; it returns the completed events. A caller
 * sees a comment as a piece that completes no event.
 */
export function createEventReader(): (piece: string) => ReceivedEvent[] {
  let rest = "";
  let event = "";
  let id: string | null = null;
  let data: string[] = [];

  function takeLine(line: string): ReceivedEvent | null {
    if (line === "") {
      const complete = data.length > 0 ? { id, event: event || "message", data: data.join("\n") } : null;
      event = "";
      id = null;
      data = [];
      return complete;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "id") id = value;
    else if (field === "data") data.push(value);
    return null;
  }

  return (piece) => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    return lines.flatMap((line) => takeLine(line) ?? []);
  };
}
