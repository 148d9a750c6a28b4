import { z } from "zod";
import { mcpServersSchema } from "./mcp-config.ts";
import { toolsSchema } from "./tool-config.ts";

const number = (least: number, most: number) => z.number().min(least).max(most);
const httpUrl = z.url({ protocol: /^https?$/, error: "write a URL that begins with http:// or https://" });

const samplingShape = {
  temperature: number(0, 2).exactOptional(),
  topP: number(0, 1).exactOptional(),
  topK: z.int().min(1).exactOptional(),
  maxOutputTokens: z.int().min(1).exactOptional().describe("Maximum length of a reply, in tokens."),
  frequencyPenalty: number(-2, 2).exactOptional(),
  presencePenalty: number(-2, 2).exactOptional(),
  seed: z.int().exactOptional().describe("Makes replies repeatable, if the model supports it."),
};

/** The settings that every provider receives unchanged. The rest of the configuration is dropped. */
export const samplingSchema = z.object(samplingShape);

export const configSchema = z
  .strictObject({
    provider: z
      .enum(["openai-compatible", "openai", "anthropic", "google"])
      .default("openai-compatible")
      .describe("The provider of the API. `openai-compatible` is any server with `/chat/completions`."),
    baseUrl: httpUrl
      .exactOptional()
      .describe("Address of the API with its version (`https://host/v1`). Required for `openai-compatible`."),
    apiKey: z
      .string()
      .min(1)
      .exactOptional()
      .describe('A reference such as `"$LLM_API_KEY"`. Local servers often need none.'),
    model: z.string().min(1).describe("The provider's name of the model."),
    ...samplingShape,
    stop: z.array(z.string().min(1)).max(16).exactOptional().describe("Texts at which the reply ends."),
    timeoutMs: z
      .int()
      .min(100)
      .max(3_600_000)
      .exactOptional()
      .describe("Time limit for one answer, in milliseconds. The limit of the agent's turns also applies."),
    firstByteTimeoutMs: z
      .int()
      .min(100)
      .max(3_600_000)
      .default(60_000)
      .describe(
        "Time limit until the server sends anything, in milliseconds. After it, the request is sent again.",
      ),
    systemRole: z
      .enum(["system", "user"])
      .exactOptional()
      .describe(
        "The role of the agent's system messages. Default: `system`, or `user` after the server refused `system`.",
      ),
    thinkingTag: z
      .string()
      .regex(
        /^$|^[a-z][\w:-]{0,31}$|^\[[a-z][\w:-]{0,31}\]$/i,
        "write a tag's name, such as think, or [THINK]",
      )
      .exactOptional()
      .describe(
        "The tag that marks thinking before an answer. Its text is streamed as thinking and is not part of the answer. Empty: no tag. Default: the well-known tags (`think`, `thinking`, `thought`, `reasoning`, `seed:think`, `[THINK]`) for `openai-compatible`, else none.",
      ),
    thinkingFirst: z
      .boolean()
      .exactOptional()
      .describe(
        "`true`: the model's text begins with thinking, and only a closing tag ends it. Default: detected from the first such answer.",
      ),
    headers: z
      .record(z.string().min(1), z.string())
      .exactOptional()
      .describe("More HTTP headers, for gateways. They are treated as secrets."),
    providerOptions: z
      .record(z.string(), z.json())
      .exactOptional()
      .describe("Options that the provider receives unchanged (`reasoningEffort`, `thinking`, …)."),
    attachments: z
      .enum(["content", "links", "words"])
      .default("content")
      .describe(
        "The form in which the model gets users' files. `content`: images, PDFs and texts themselves. `links`: links that work for an hour. `words`: a sentence that names the files. If a model refuses files, it gets the sentence.",
      ),
    tools: toolsSchema.default([]).describe("Tools that the model may call."),
    maxSteps: z
      .int()
      .min(1)
      .max(50)
      .default(8)
      .describe(
        "Maximum number of model calls in one turn. In the last one, the model must answer without tools.",
      ),
    maxToolCalls: z
      .int()
      .min(1)
      .max(1000)
      .default(20)
      .describe(
        "Maximum number of tool calls in one turn. After that, the model must answer with what it knows.",
      ),
    mcpServers: mcpServersSchema
      .default({})
      .describe("Servers of the Model Context Protocol. The model calls their tools as `<server>_<tool>`."),
  })
  .superRefine((config, context) => {
    if (config.provider === "openai-compatible") {
      if (config.baseUrl === undefined) {
        context.addIssue({
          code: "custom",
          path: ["baseUrl"],
          message: "give the address of the server (https://host/v1)",
        });
      }
    } else if (config.apiKey === undefined) {
      context.addIssue({ code: "custom", path: ["apiKey"], message: `${config.provider} needs a key` });
    }
  });

export type LlmConfig = z.output<typeof configSchema>;
