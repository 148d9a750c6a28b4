import type { JsonObject } from "../text/json.ts";

/** The value of a variable. */
export type VariableValue = string | number | boolean;

export interface TemplateValues {
  /** The values that replace `{name}`. */
  variables: Readonly<Record<string, VariableValue>>;
  /**
   * Names that the agent declares. They are replaced even without a value (by nothing), so that no placeholder reaches
   * a model.
   */
  declared?: readonly string[];
  /** Present only with `render_templates`: the data for expressions such as `{{ session.metadata.x }}`. */
  expressions?: JsonObject;
}

/** `{{ … }}` is matched before `{ … }`, so that double braces are never replaced by half. */
const PLACEHOLDER = /\{\{([^{}]*)\}\}|\{([^{}]*)\}/g;
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_]*$/u;

/**
 * Fills in a text written by the agent's author. It makes one pass, so a value that looks like a placeholder stays
 * unchanged. Braces around an unknown name stay, for example in JSON. Never called on text that users write.
 *
 * A known name without a value becomes empty, as in other template languages; an unknown one stays visible.
 */
export function renderTemplate(text: string, values: TemplateValues): string {
  const declared = new Set(values.declared);
  return text.replace(PLACEHOLDER, (whole, expression: string | undefined, single: string | undefined) => {
    if (expression !== undefined) return renderExpression(expression.trim(), values.expressions) ?? whole;
    const name = (single ?? "").trim();
    if (Object.hasOwn(values.variables, name)) return String(values.variables[name]);
    return declared.has(name) ? "" : whole;
  });
}

/**
 * The variable names that messages use, in order of appearance: identifiers, and declared names with spaces or signs.
 * An undeclared `{some words}` is normal text.
 */
export function detectVariables(
  messages: readonly { content: string }[],
  declared: readonly string[] = [],
): string[] {
  const names = new Set<string>();
  for (const { content } of messages) {
    for (const [, , single] of content.matchAll(PLACEHOLDER)) {
      const name = single?.trim() ?? "";
      if (IDENTIFIER.test(name) || declared.includes(name)) names.add(name);
    }
  }
  return [...names];
}

/** The value at a dotted path, as text. Undefined if it is not one of our expressions, so the text stays visible. */
function renderExpression(path: string, context: JsonObject | undefined): string | undefined {
  const segments = path.split(".");
  const [root] = segments;
  if (context === undefined || root === undefined || !Object.hasOwn(context, root)) return undefined;

  let value: unknown = context;
  for (const segment of segments) {
    // Only own properties: `constructor` and `__proto__` are names like any other.
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return "";
    value = Reflect.get(value, segment);
  }
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
