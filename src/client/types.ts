/** The caller's own JSON. It is not changed. */
export type JsonObject = { [key: string]: unknown };

export type VariableValue = string | number | boolean;

export interface PageQuery {
  page?: number;
  /** 1 to 100, default 20. */
  limit?: number;
  cursor?: string;
}

export interface TokenUsage {
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
}
