import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectVariables, renderTemplate } from "../../src/core/session/template.ts";

describe("templates", () => {
  it("replaces a variable, with or without spaces inside the braces", () => {
    const variables = { user_name: "Ada", visits: 3, member: true };
    expect(renderTemplate("{user_name} { user_name } {visits} {member}", { variables })).toBe(
      "Ada Ada 3 true",
    );
  });

  it("replaces names with spaces in them", () => {
    expect(renderTemplate("Sell {product name}.", { variables: { "product name": "tea" } })).toBe(
      "Sell tea.",
    );
  });

  it("leaves unknown names and JSON unchanged", () => {
    const text = 'Answer {"ok": true, "items": [{}], "nested": {"a": {"b": 1}}} or {something}.';
    expect(renderTemplate(text, { variables: { ok: "x", a: "y" } })).toBe(text);
  });

  it("fills in a variable inside JSON without touching the braces around it", () => {
    expect(renderTemplate('{"name": "{user_name}"}', { variables: { user_name: "Ada" } })).toBe(
      '{"name": "Ada"}',
    );
  });

  it("replaces a declared variable without a value by an empty text", () => {
    expect(renderTemplate("Hi {user_name}!", { variables: {}, declared: ["user_name"] })).toBe("Hi !");
  });

  it("never expands a value again", () => {
    const variables = { a: "{b} {{ variables.b }} $& $1", b: "SECRET" };
    expect(renderTemplate("{a}", { variables, expressions: { variables } })).toBe(
      "{b} {{ variables.b }} $& $1",
    );
  });

  it("leaves double braces unchanged unless expressions are on", () => {
    expect(renderTemplate("{{ variables.a }} {{a}}", { variables: { a: "x" } })).toBe(
      "{{ variables.a }} {{a}}",
    );
  });

  it("looks up dotted paths if expressions are on", () => {
    const expressions = {
      session: { metadata: { plan: "gold", tags: ["new", "vip"], nested: { deep: 1 } } },
      user: { name: null },
    };
    const text =
      "{{ session.metadata.plan }}|{{session.metadata.tags.1}}|{{ session.metadata.nested }}|{{ user.name }}|";
    expect(renderTemplate(text, { variables: {}, expressions })).toBe('gold|vip|{"deep":1}||');
  });

  it("renders a missing path as empty, and leaves other expressions visible", () => {
    const expressions = { session: { metadata: {} } };
    expect(renderTemplate("[{{ session.metadata.x }}]", { variables: {}, expressions })).toBe("[]");
    expect(renderTemplate("[{{ order.id }}]", { variables: {}, expressions })).toBe("[{{ order.id }}]");
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "gives no special meaning to {%s}",
    (name) => {
      const values = { variables: {}, expressions: { session: { metadata: {} } } };
      expect(renderTemplate(`{${name}}{{ ${name} }}`, values)).toBe(`{${name}}{{ ${name} }}`);
      expect(renderTemplate(`{{ session.${name}.${name} }}`, values)).toBe("");
    },
  );

  it("changes no text when nothing is known", () => {
    fc.assert(fc.property(fc.string(), (text) => renderTemplate(text, { variables: {} }) === text));
  });

  it("inserts any value unchanged", () => {
    fc.assert(
      fc.property(
        fc.string(),
        (value) => renderTemplate("<{v}>", { variables: { v: value } }) === `<${value}>`,
      ),
    );
  });
});

describe("detecting variables", () => {
  it("finds each identifier once, in order, in any message", () => {
    const messages = [{ content: "{b} and {a}" }, { content: "again { a }, {größe}" }];
    expect(detectVariables(messages)).toEqual(["b", "a", "größe"]);
  });

  it("treats words with spaces as ordinary text unless they are declared", () => {
    const messages = [{ content: "{product name} {just some prose}" }];
    expect(detectVariables(messages)).toEqual([]);
    expect(detectVariables(messages, ["product name"])).toEqual(["product name"]);
  });

  it("does not treat JSON or expressions as variables", () => {
    expect(detectVariables([{ content: '{"a": 1} {{ variables.b }} {{c}} {} { }' }])).toEqual([]);
  });
});
