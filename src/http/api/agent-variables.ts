import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { detectVariables } from "../../core/template.ts";

/** One variable of an agent as the API shows it. */
export interface AgentVariable {
  name: string;
  required: boolean;
  default: Json;
  description: string | null;
  /** Declared by the author; one that is not was found in the messages. */
  declared: boolean;
  /** Used in the messages. */
  used: boolean;
}

/** The variables of a published definition: in order of appearance in its messages, then what they do not use. */
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
