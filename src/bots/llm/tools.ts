import { jsonSchema, type ToolSet, tool } from "ai";
import { z } from "zod";
import { buttonsSchema } from "../../core/message/button-schema.ts";
import { callHttpTool } from "./http-tool.ts";
import { scheduleTools } from "./schedule-tools.ts";
import type { BUILT_IN_TOOLS, HttpToolConfig, ToolConfig } from "./tool-config.ts";
import type { ToolEffects } from "./tool-effects.ts";

const jsonObject = z.record(z.string(), z.json());

/** The tools that a model may call in one turn. */
export function createTools(
  configs: readonly ToolConfig[],
  executionId: string,
  effects: ToolEffects,
): ToolSet {
  if (configs.length === 0) return {};
  const builtIn = builtInTools(effects);
  return Object.fromEntries(
    configs.map((config) =>
      typeof config === "string" ? [config, builtIn[config]] : [config.name, httpTool(config, executionId)],
    ),
  );
}

function builtInTools(effects: ToolEffects): Record<(typeof BUILT_IN_TOOLS)[number], ToolSet[string]> {
  return {
    read_participant_data: tool({
      description: "Reads what is kept about the user across conversations, as JSON.",
      inputSchema: z.object({}),
      execute: () => effects.participantData(),
    }),
    update_participant_data: tool({
      description:
        "Keeps facts about the user across conversations. `data` is merged into what is there; null removes a key.",
      inputSchema: z.object({ data: jsonObject }),
      execute: ({ data }) => effects.updateParticipantData(data),
    }),
    ...scheduleTools(effects),
    offer_buttons: tool({
      description:
        "Shows buttons below your reply, which the user may press instead of writing: for a few clear choices. Write the reply as well, without listing the choices in it.",
      inputSchema: z.object({ buttons: buttonsSchema.min(1) }),
      execute: ({ buttons }) => {
        effects.offerButtons(buttons);
        return "The buttons are shown below your reply. Write it now.";
      },
    }),
    end_session: tool({
      description: "Ends this conversation after your reply. Use it when the user is done.",
      inputSchema: z.object({}),
      execute: () => {
        effects.endSession();
        return "The conversation ends after your reply.";
      },
    }),
    handoff: tool({
      description:
        "Hands this conversation over to a person, who answers from now on in your place. Use it when the user asks for a person, or needs what you cannot do.",
      inputSchema: z.object({
        reason: z.string().max(2000).optional().describe("Why, for the person who takes over."),
      }),
      execute: ({ reason }) => {
        effects.handOff(reason?.trim() || null);
        return "A person takes over after your reply. Tell the user so in one sentence, and do nothing else.";
      },
    }),
  };
}

function httpTool(config: HttpToolConfig, executionId: string): ToolSet[string] {
  return tool({
    description: config.description,
    // The server checks its own input; the schema tells the model what to send.
    inputSchema: jsonSchema(config.input),
    execute: (input, { abortSignal }) =>
      callHttpTool(config, jsonObject.parse(input), {
        executionId,
        signal: abortSignal ?? new AbortController().signal,
      }),
  });
}
