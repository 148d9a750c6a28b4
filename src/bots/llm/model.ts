import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModel } from "ai";
import type { JsonObject } from "../../core/json.ts";
import type { LlmConfig } from "./config.ts";

type StreamingModel = Extract<LanguageModel, { specificationVersion: "v3" }>;

/** A configured model, and what the rest has to know of its provider. */
export interface ConfiguredModel {
  model: StreamingModel;
  /** Who answers, for error messages: a host, never a URL that might hold credentials. */
  host: string;
  name: string;
  /** Whether system messages have to stand before the conversation, not within it. */
  systemFirst: boolean;
  providerOptions: Record<string, JsonObject>;
  /** Values that no error or log may show. */
  secrets: readonly string[];
}

type Provider = LlmConfig["provider"];

const BASE_URLS: Record<Exclude<Provider, "openai-compatible">, string> = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com/v1",
  google: "https://generativelanguage.googleapis.com/v1beta",
};

/** Where a configuration's provider is. */
export function baseUrlOf({ baseUrl, provider }: Pick<LlmConfig, "baseUrl" | "provider">): string {
  return baseUrl ?? (provider === "openai-compatible" ? "" : BASE_URLS[provider]);
}

/** Builds the model a configuration names. */
export function createModel(config: LlmConfig): ConfiguredModel {
  // The URL is always given: left out, the packages would ask the environment for one.
  const baseURL = baseUrlOf(config);
  const { provider } = config;
  return {
    model: languageModel(config, baseURL),
    host: new URL(baseURL).host,
    name: config.model,
    systemFirst: provider === "anthropic" || provider === "google",
    providerOptions: config.providerOptions ? { [optionsKey(provider)]: config.providerOptions } : {},
    secrets: [config.apiKey, ...Object.values(config.headers ?? {})].filter((value) => value !== undefined),
  };
}

function languageModel(config: LlmConfig, baseURL: string): StreamingModel {
  const { provider, model, apiKey = "" } = config;
  const settings = { baseURL, ...(config.headers && { headers: config.headers }) };
  switch (provider) {
    case "openai":
      // Chat completions, as the Responses API keeps conversations on the provider's side by default.
      return createOpenAI({ ...settings, apiKey }).chat(model);
    case "anthropic":
      return createAnthropic({ ...settings, apiKey })(model);
    case "google":
      return createGoogleGenerativeAI({ ...settings, apiKey })(model);
    case "openai-compatible":
      return createOpenAICompatible({
        ...settings,
        ...(config.apiKey !== undefined && { apiKey }),
        name: "openaiCompatible",
        // Without it servers count no tokens when they stream.
        includeUsage: true,
      })(model);
  }
}

function optionsKey(provider: Provider): string {
  return provider === "openai-compatible" ? "openaiCompatible" : provider;
}
