import { jsonSchema, type ToolSet, tool } from "ai";
import { z } from "zod";
import { buttonsSchema } from "../../core/button-schema.ts";
import { DURATION_PATTERN, durationMs } from "../../core/duration.ts";
import { callHttpTool } from "./http-tool.ts";
import type { BUILT_IN_TOOLS, HttpToolConfig, ToolConfig } from "./tool-config.ts";
import type { ToolEffects } from "./tool-effects.ts";

const jsonObject = z.record(z.string(), z.json());

/** The tools a model may call in one turn. */
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
    schedule_message: tool({
      description:
        "Has you write to the user later, such as a reminder. Give `after` (30m, 2h, 1d from now) or `at` (RFC 3339 with offset).",
      inputSchema: z.object({
        instruction: z.string().min(1).describe("What you are to write then, as an instruction to yourself."),
        after: z.string().regex(DURATION_PATTERN).optional(),
        at: z.iso.datetime({ offset: true }).optional(),
      }),
      execute: ({ instruction, after, at }) => {
        const due = at ? new Date(at) : after ? new Date(Date.now() + durationMs(after)) : null;
        if (due === null) return "Nothing was scheduled: give after or at.";
        if (due.getTime() <= Date.now()) return `Nothing was scheduled: ${due.toISOString()} is past.`;
        effects.sayLater({ at: due, saying: { prompt: instruction } });
        return `You will write to the user at ${due.toISOString()}.`;
      },
    }),
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
