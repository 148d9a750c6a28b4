import { z } from "zod";
import { trustedProxyProblem } from "../core/network/trusted-proxies.ts";
import { redisUrlsProblem, splitRedisUrls } from "./redis-urls.ts";
import { isDecodable, LONE_PERCENT } from "./url-credentials.ts";

/** Definition of one variable: its purpose, the schema of its text, and its default. */
export interface Variable<T> {
  doc: string;
  schema: z.ZodType<T, string>;
  /** The default as text. Null if an unset variable has a special meaning, which `unset` describes. */
  default: string | null;
  unset?: string;
}

/** Keeps the type of a variable. */
export function variable<T, D extends string | null>(
  definition: Variable<T> & { default: D },
): Variable<T> & { default: D } {
  return definition;
}

export const postgresUrl = urlOf(
  ["postgres:", "postgresql:"],
  "write postgres://user:password@host:5432/database",
).refine(isDecodable, { error: LONE_PERCENT });

export const redisUrls = z
  .string()
  .transform(splitRedisUrls)
  .superRefine((urls, check) => {
    const problem = redisUrlsProblem(urls);
    if (problem !== null) check.addIssue({ code: "custom", message: problem });
  });

export const rate = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, "write a whole number, 1 or more")
  .transform(Number);

export const addresses = z
  .string()
  .transform((list) =>
    list
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== "" && entry !== "none"),
  )
  .superRefine((entries, check) => {
    const problem = entries.map(trustedProxyProblem).find((each) => each !== null);
    if (problem !== undefined) check.addIssue({ code: "custom", message: problem });
  });

export const days = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, "write a whole number of days, 1 or more")
  .transform(Number);

export function urlOf(protocols: readonly string[], instead: string): z.ZodType<string, string> {
  return z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), instead);
}
