import { currentSpan } from "../../core/trace/current-span.ts";
import type { Span, SpanAttributes } from "../../core/trace/span.ts";
import type { LlmConfig } from "./config.ts";
import type { StreamingModel } from "./model.ts";
import { TEXT_LIMIT, tracedAnswer, tracedPrompt } from "./traced-text.ts";

type Options = Parameters<StreamingModel["doStream"]>[0];
type Part =
  Awaited<ReturnType<StreamingModel["doStream"]>>["stream"] extends ReadableStream<infer P> ? P : never;
type Finish = Pick<Extract<Part, { type: "finish" }>, "usage" | "finishReason">;

const PROVIDERS: Readonly<Record<LlmConfig["provider"], string>> = {
  openai: "openai",
  anthropic: "anthropic",
  google: "gcp.gemini",
  "openai-compatible": "openai-compatible",
};

/** The same model. Each call has a span if its turn has one. */
export function tracedModel(
  model: StreamingModel,
  { provider, host }: { provider: LlmConfig["provider"]; host: string },
): StreamingModel {
  function begin(options: Options): Span | null {
    const turn = currentSpan();
    return (
      turn?.child(`chat ${model.modelId}`, "client", {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS[provider],
        "gen_ai.request.model": model.modelId,
        "gen_ai.request.temperature": options.temperature,
        "gen_ai.request.max_tokens": options.maxOutputTokens,
        "server.address": host,
        ...(turn.showsText && { "gen_ai.input.messages": tracedPrompt(options.prompt) }),
      }) ?? null
    );
  }

  return {
    specificationVersion: model.specificationVersion,
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    async doGenerate(options) {
      const span = begin(options);
      if (span === null) return model.doGenerate(options);
      const result = await failing(span, () => model.doGenerate(options));
      const text = result.content.map((part) => (part.type === "text" ? part.text : "")).join("");
      span.set(finished(result, result.response));
      if (span.showsText) span.set({ "gen_ai.output.messages": tracedAnswer(text) });
      span.end();
      return result;
    },
    async doStream(options) {
      const span = begin(options);
      if (span === null) return model.doStream(options);
      const result = await failing(span, () => model.doStream(options));
      return { ...result, stream: watched(result.stream, span) };
    },
  };
}

/** Passes a stream on unchanged. The span ends with it, also if nobody reads it to its end. */
function watched(stream: ReadableStream<Part>, span: Span): ReadableStream<Part> {
  const reader = stream.getReader();
  let text = "";
  function end(): void {
    if (span.showsText) span.set({ "gen_ai.output.messages": tracedAnswer(text) });
    span.end();
  }
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            end();
            return controller.close();
          }
          if (value.type === "text-delta" && span.showsText && text.length < TEXT_LIMIT) text += value.delta;
          if (value.type === "response-metadata") span.set(responseAttributes(value));
          if (value.type === "finish") span.set(finished(value));
          if (value.type === "error") fail(span, value.error);
          controller.enqueue(value);
        } catch (error) {
          fail(span, error);
          end();
          controller.error(error);
        }
      },
      async cancel(reason) {
        end();
        await reader.cancel(reason);
      },
    },
    // Nothing is read before the consumer asks for it, as without a trace.
    { highWaterMark: 0 },
  );
}

async function failing<T>(span: Span, call: () => PromiseLike<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    fail(span, error);
    span.end();
    throw error;
  }
}

/** Providers quote the request in their errors, so only the status or the name of an error is told. */
function fail(span: Span, error: unknown): void {
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : Number.NaN;
  const name = error instanceof Error ? error.name : "error";
  const type = Number.isInteger(status) ? String(status) : name;
  span.fail(type, Number.isInteger(status) ? `the provider answered HTTP ${status}` : name);
}

function finished({ usage, finishReason }: Finish, response?: ResponseFacts): SpanAttributes {
  return {
    "gen_ai.usage.input_tokens": usage.inputTokens.total,
    "gen_ai.usage.output_tokens": usage.outputTokens.total,
    "gen_ai.response.finish_reasons": [finishReason.unified],
    ...(response && responseAttributes(response)),
  };
}

interface ResponseFacts {
  id?: string | undefined;
  modelId?: string | undefined;
}

function responseAttributes({ id, modelId }: ResponseFacts): SpanAttributes {
  return { "gen_ai.response.id": id, "gen_ai.response.model": modelId };
}
