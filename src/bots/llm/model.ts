import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel } from "ai";
import { placeOf, type ServerPlace } from "../../core/network/server-place.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { chatFetch } from "./chat-fetch.ts";
import type { LlmConfig } from "./config.ts";
import { withSignatures } from "./keep-signatures.ts";
import { providerFetch } from "./provider-fetch.ts";
import { type ThinkingHabit, withThinking } from "./thinking-model.ts";
import { tracedModel } from "./traced-model.ts";

export type StreamingModel = Extract<LanguageModel, { specificationVersion: "v3" }>;

/** A configured model, and the properties of its provider that callers need. */
export interface ConfiguredModel {
  model: StreamingModel;
  /** The provider's host, for error messages. A URL might contain credentials, so it is never used. */
  host: string;
  name: string;
  providerOptions: Record<string, JsonObject>;
  /** Values that no error or log may show. */
  secrets: readonly string[];
  habits: ModelHabits;
}

/** Known needs of a model. */
export interface ModelHabits {
  /** True: the text of system messages is sent as user messages. */
  systemAsUser: boolean;
  /** True: the role is configured, so the model's answers do not change it. */
  readonly systemRoleIsSet: boolean;
}

type Provider = LlmConfig["provider"];

const BASE_URLS: Record<Exclude<Provider, "openai-compatible">, string> = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com/v1",
  google: "https://generativelanguage.googleapis.com/v1beta",
};

/** The tags that open models and their servers use. */
const THINKING_TAGS: ThinkingHabit["tags"] = [
  "think",
  "thinking",
  "thought",
  "reasoning",
  "seed:think",
  "[THINK]",
];

/** The address of a configuration's provider. */
export function providerPlace({ baseUrl, provider }: Pick<LlmConfig, "baseUrl" | "provider">): ServerPlace {
  return placeOf(baseUrl ?? (provider === "openai-compatible" ? "" : BASE_URLS[provider]));
}

/** Builds the configured model. It learns its server's habits, and keeps them as long as it exists. */
export function createModel(config: LlmConfig, log: Logger): ConfiguredModel {
  const place = providerPlace(config);
  const { provider, thinkingFirst } = config;
  const tags = thinkingTagsOf(config);
  const habit: ThinkingHabit | null = tags && { tags, unopened: thinkingFirst ?? false };
  const own = tracedModel(languageModel(config, place, log), { provider, host: place.host });
  return {
    model: habit === null ? own : withThinking(own, habit),
    host: place.host,
    name: config.model,
    providerOptions: config.providerOptions ? { [optionsKey(provider)]: config.providerOptions } : {},
    secrets: [config.apiKey, ...Object.values(config.headers ?? {}), ...place.secrets].filter(
      (value) => value !== undefined,
    ),
    habits: { systemAsUser: config.systemRole === "user", systemRoleIsSet: config.systemRole !== undefined },
  };
}

/** The tags that mark thinking; null: none do. */
function thinkingTagsOf({ provider, thinkingTag }: LlmConfig): ThinkingHabit["tags"] | null {
  if (thinkingTag !== undefined) return thinkingTag === "" ? null : [thinkingTag];
  return provider === "openai-compatible" ? THINKING_TAGS : null;
}

function languageModel(config: LlmConfig, place: ServerPlace, log: Logger): StreamingModel {
  const { provider, model, apiKey = "", headers } = config;
  const plain = providerFetch(place, config.firstByteTimeoutMs);
  const limitIsOurs = config.maxOutputTokens === undefined;
  // The URL is always set, because otherwise the packages read one from the environment.
  const settings = { baseURL: place.url, ...(headers && { headers }), fetch: plain };
  switch (provider) {
    case "openai":
      // Chat completions, because the Responses API stores conversations at the provider by default.
      return createOpenAI({ ...settings, apiKey, fetch: chatFetch(plain, { limitIsOurs, model, log }) }).chat(
        model,
      );
    case "anthropic":
      return createAnthropic({ ...settings, apiKey })(model);
    case "google":
      return createGoogleGenerativeAI({ ...settings, apiKey })(model);
    case "openai-compatible": {
      const compatible = createOpenAICompatible({
        ...settings,
        ...(config.apiKey !== undefined && { apiKey }),
        name: "openaiCompatible",
        // Without it, servers count no tokens in a stream.
        includeUsage: true,
        fetch: chatFetch(plain, { limitIsOurs, model, log }),
      })(model);
      return withPrompt(compatible, withSignatures);
    }
  }
}

/** The same model, which changes each prompt by `change`. */
function withPrompt(
  model: StreamingModel,
  change: (
    prompt: Parameters<StreamingModel["doStream"]>[0]["prompt"],
  ) => Parameters<StreamingModel["doStream"]>[0]["prompt"],
): StreamingModel {
  return {
    specificationVersion: model.specificationVersion,
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: (options) => model.doGenerate({ ...options, prompt: change(options.prompt) }),
    doStream: (options) => model.doStream({ ...options, prompt: change(options.prompt) }),
  };
}

function optionsKey(provider: Provider): string {
  return provider === "openai-compatible" ? "openaiCompatible" : provider;
}
