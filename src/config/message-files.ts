import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ConfigProblem } from "../core/faults/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/text/json.ts";
import { type JsonPath, pathText } from "./json-path.ts";

/** A longer prompt is a mistake, since no model accepts so much. */
const LIMIT_BYTES = 1_048_576;

/** An agent as written, with the texts of the files that its messages refer to. */
export interface WithMessageFiles {
  source: Json;
  problems: ConfigProblem[];
}

/**
 * Reads each `{ "file": "prompts/coach.md" }` that is the content of a message. The text becomes part of the agent, so
 * that a published version does not change with the file. Paths are relative to the configuration file.
 */
export function readMessageFiles(
  source: Json,
  origin: { file: string; location: string; path: JsonPath },
): WithMessageFiles {
  if (!isJsonObject(source) || !Array.isArray(source.messages)) return { source, problems: [] };
  const problems: ConfigProblem[] = [];
  const messages = source.messages.map((message, index) => {
    if (!isJsonObject(message) || !isJsonObject(message.content)) return message;
    const path = [...origin.path, "messages", index, "content"];
    const read = readMessageFile(message.content, origin.location);
    if ("text" in read) return { ...message, content: asLiteral(read.text) };
    problems.push({ path: pathText(origin.file, path), ...read });
    return { ...message, content: "" };
  });
  return { source: { ...source, messages }, problems };
}

/** The paths of all files that messages of a configuration refer to. */
export function messageFilePaths(configuration: Json, location: string): string[] {
  const agents =
    isJsonObject(configuration) && isJsonObject(configuration.agents) ? configuration.agents : {};
  return Object.values(agents).flatMap((agent) => {
    const messages = isJsonObject(agent) && Array.isArray(agent.messages) ? agent.messages : [];
    return messages.flatMap((message) => {
      const content = isJsonObject(message) ? message.content : undefined;
      const file = isJsonObject(content) ? content.file : undefined;
      return typeof file === "string" && file !== "" ? [resolve(dirname(location), file)] : [];
    });
  });
}

function readMessageFile(
  content: JsonObject,
  location: string,
): { text: string } | { problem: string; fix: string } {
  const { file, ...rest } = content;
  if (typeof file !== "string" || file === "" || Object.keys(rest).length > 0) {
    return {
      problem: "is neither a text nor a file",
      fix: 'write a text, or { "file": "prompts/coach.md" }',
    };
  }
  const path = resolve(dirname(location), file);
  try {
    const bytes = readFileSync(path);
    if (bytes.length > LIMIT_BYTES) {
      return { problem: `names ${path}, which is larger than 1 MiB`, fix: "name a shorter text" };
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
    return text === ""
      ? { problem: `names ${path}, which is empty`, fix: "write the message into it" }
      : { text };
  } catch (error) {
    if (error instanceof TypeError) {
      return { problem: `names ${path}, which is not UTF-8 text`, fix: "save the file as UTF-8" };
    }
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const problem = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    return {
      problem: `names ${path}, which ${problem}`,
      fix: "name a readable file; its path starts at the configuration file",
    };
  }
}

/** Escapes a file's text that looks like a reference. `$NAME` in a file is always literal text, never a variable. */
function asLiteral(text: string): string {
  return /^\$+[A-Za-z_][A-Za-z0-9_]*$/.test(text) ? `$${text}` : text;
}
