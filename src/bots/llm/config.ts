import { z } from "zod";
import { mcpServersSchema } from "./mcp-config.ts";
import { toolsSchema } from "./tool-config.ts";

const number = (least: number, most: number) => z.number().min(least).max(most);
const httpUrl = z.url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" });

const samplingShape = {
  temperature: number(0, 2).exactOptional(),
  topP: number(0, 1).exactOptional(),
  topK: z.int().min(1).exactOptional(),
  maxOutputTokens: z.int().min(1).exactOptional().describe("The longest reply, in tokens."),
  frequencyPenalty: number(-2, 2).exactOptional(),
  presencePenalty: number(-2, 2).exactOptional(),
  seed: z.int().exactOptional().describe("For replies that can be repeated, where the model supports it."),
};

/** The settings that every provider is given as they are; the rest of the configuration is dropped. */
export const samplingSchema = z.object(samplingShape);

export const configSchema = z
  .strictObject({
    provider: z
      .enum(["openai-compatible", "openai", "anthropic", "google"])
      .default("openai-compatible")
      .describe("Whose API is spoken. `openai-compatible` is any server with `/chat/completions`."),
    baseUrl: httpUrl
      .exactOptional()
      .describe("Where the API is, version included (`https://host/v1`). Needed for `openai-compatible`."),
    apiKey: z
      .string()
      .min(1)
      .exactOptional()
      .describe('A reference such as `"$LLM_API_KEY"`. Local servers often need none.'),
    model: z.string().min(1).describe("The model's name, as the provider writes it."),
    ...samplingShape,
    stop: z.array(z.string().min(1)).max(16).exactOptional().describe("Texts at which the reply ends."),
    timeoutMs: z
      .int()
      .min(100)
      .max(3_600_000)
      .exactOptional()
      .describe(
        "How long one answer may take, in milliseconds, where that is less than the agent's turns allow.",
      ),
    headers: z
      .record(z.string().min(1), z.string())
      .exactOptional()
      .describe("Further HTTP headers, for gateways. Treated as secret."),
    providerOptions: z
      .record(z.string(), z.json())
      .exactOptional()
      .describe("Passed to the provider as they are (`reasoningEffort`, `thinking`, …)."),
    attachments: z
      .enum(["content", "links", "words"])
      .default("content")
      .describe(
        "Files of users: images, PDFs and texts are given to the model, or links to them for an hour, or it is told in words that they were sent. A model that refuses files is asked again in words.",
      ),
    tools: toolsSchema.default([]).describe("What the model may do besides talking."),
    maxSteps: z
      .int()
      .min(1)
      .max(50)
      .default(8)
      .describe("How often the model is asked in one turn; in the last step it has to answer without tools."),
    maxToolCalls: z
      .int()
      .min(1)
      .max(1000)
      .default(20)
      .describe("How many tools may be called in one turn; then the model has to answer with what it knows."),
    mcpServers: mcpServersSchema
      .default({})
      .describe(
        "Servers of the Model Context Protocol; the model may call their tools as `<server>_<tool>`.",
      ),
  })
  .superRefine((config, context) => {
    if (config.provider === "openai-compatible") {
      if (config.baseUrl === undefined) {
        context.addIssue({
          code: "custom",
          path: ["baseUrl"],
          message: "say where the server is (https://host/v1)",
        });
      }
    } else if (config.apiKey === undefined) {
      context.addIssue({ code: "custom", path: ["apiKey"], message: `${config.provider} needs a key` });
    }
  });

export type LlmConfig = z.output<typeof configSchema>;
