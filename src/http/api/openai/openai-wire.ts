import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { VariableValue } from "../../../core/session/template.ts";
import { tokenUsageSchema } from "../messages/message-resource.ts";
import { variablesSchema } from "../sessions/session-resource.ts";

const partSchema = z.looseObject({ type: z.string(), text: z.string().optional() });

/** OpenAI's request, reduced to the fields that an agent uses. Programs send many more fields, which are ignored. */
export const requestSchema = z.looseObject({
  model: z.string().min(1).describe("An agent's slug or id"),
  messages: z
    .array(
      z.looseObject({
        role: z.string().describe("`system`, `developer`, `user` or `assistant`"),
        content: z.union([z.string(), z.array(partSchema), z.null()]).optional(),
      }),
    )
    .min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  user: z.string().min(1).max(200).optional().describe("Your own name for the user"),
  response_format: z
    .looseObject({
      type: z.literal("text", "an agent answers in text: its own instructions say in which form"),
    })
    .nullish(),
  n: z.literal(1).nullish().describe("An agent gives one answer"),
  variables: variablesSchema.optional().describe("Not OpenAI's: values for the agent's variables"),
});

/** The content of an OpenAI-compatible call. */
export interface Asked {
  /** The last message, which the agent answers. */
  content: string;
  history: { role: "user" | "assistant"; content: string }[];
  situation: string | null;
  user: string | null;
  variables: Record<string, VariableValue>;
}

/** Throws 422 for content that no agent accepts: tool results, images, or a last message that is not the user's. */
export function askedOf(request: z.output<typeof requestSchema>): Asked {
  const messages = request.messages.map((message, index) => ({
    role: roleOf(message.role, index),
    content: textOf(message.content ?? "", index),
  }));
  const last = messages.at(-1);
  if (last?.role !== "user" || last.content.trim() === "") {
    throw unfit(
      messages.length - 1,
      "the last message is the user's, with some text: it is what is answered",
    );
  }
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  return {
    content: last.content,
    history: messages
      .slice(0, -1)
      .flatMap(({ role, content }) => (role === "system" || content === "" ? [] : [{ role, content }])),
    situation: system.join("\n\n") || null,
    user: request.user ?? null,
    variables: request.variables ?? {},
  };
}

function roleOf(role: string, index: number): "system" | "user" | "assistant" {
  if (role === "developer" || role === "system") return "system";
  if (role === "user" || role === "assistant") return role;
  throw unfit(index, `an agent uses its own tools: no messages of role ${role}`);
}

function textOf(content: string | readonly z.output<typeof partSchema>[], index: number): string {
  if (typeof content === "string") return content;
  return content
    .map((part) => {
      if (part.type === "text" && part.text !== undefined) return part.text;
      throw unfit(index, `only text is understood, not ${part.type}`);
    })
    .join("");
}

function unfit(index: number, problem: string): RequestError {
  const path = `messages[${index}]`;
  return new RequestError(422, "invalid_body", `The body is not valid: ${path}: ${problem}.`, {
    details: { problems: [{ path, problem }] },
  });
}

export const completionSchema = z
  .object({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: z.int(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
        logprobs: z.null(),
        finish_reason: z
          .enum(["stop", "length"])
          .describe("`length` where the model's output limit cut the answer short"),
      }),
    ),
    usage: tokenUsageSchema,
  })
  .meta({ id: "ChatCompletion" });
