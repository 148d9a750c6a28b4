import { detectVariables } from "../../../core/session/template.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../core/text/json.ts";

/** One variable of an agent in the API's format. */
export interface AgentVariable {
  name: string;
  required: boolean;
  default: Json;
  description: string | null;
  /** Declared by the author. An undeclared variable was found in the messages. */
  declared: boolean;
  /** Used in the messages. */
  used: boolean;
}

/** The variables of a published definition: first in order of appearance in its messages, then the unused ones. */
export function agentVariables(definition: JsonObject): AgentVariable[] {
  const specs = isJsonObject(definition.variables) ? definition.variables : {};
  const declared = Object.keys(specs);
  const used = detectVariables(messagesOf(definition), declared);
  return [...new Set([...used, ...declared])].map((name) => {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    const { required, default: preset, description } = isJsonObject(spec) ? spec : {};
    return {
      name,
      required: required === true,
      default: preset ?? null,
      description: typeof description === "string" ? description : null,
      declared: declared.includes(name),
      used: used.includes(name),
    };
  });
}

function messagesOf(definition: JsonObject): { content: string }[] {
  const messages = Array.isArray(definition.messages) ? definition.messages : [];
  return messages.flatMap((message) =>
    isJsonObject(message) && typeof message.content === "string" ? [{ content: message.content }] : [],
  );
}
