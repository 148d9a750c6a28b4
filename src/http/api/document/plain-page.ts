import { isJsonObject, type Json, type JsonObject } from "../../../core/text/json.ts";

/** The document as one static page, for browsers without scripts and for programs. */
export function plainPage(document: JsonObject): string {
  const info = object(document.info);
  const operations = Object.entries(object(document.paths)).flatMap(([path, item]) => {
    const { servers, ...methods } = object(item);
    const base = serverUrl(servers) ?? serverUrl(document.servers) ?? "";
    return Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: `${base}${path}`,
      operation: object(operation),
    }));
  });
  const tags = list(document.tags).map((tag) => text(object(tag).name));
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => list(operation.tags).includes(tag));
    return `<section><h2 id="${escapeHtml(tag)}">${escapeHtml(tag)}</h2>${own.map(operationHtml).join("")}</section>`;
  });
  const schemas = Object.entries(object(object(document.components).schemas)).map(
    ([name, schema]) => `<h3 id="schema-${escapeHtml(name)}">${escapeHtml(name)}</h3>${jsonHtml(schema)}`,
  );
  const links = tags.map((tag) => `<a href="#${escapeHtml(tag)}">${escapeHtml(tag)}</a>`).join(" ");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(text(info.title))} API</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(text(info.title))} API <small>${escapeHtml(text(info.version))}</small></h1>
${prose(text(info.description))}
<nav>${links} <a href="#schemas">Schemas</a> <a href="/api/v1/openapi.json">openapi.json</a></nav>
${sections.join("\n")}
<section><h2 id="schemas">Schemas</h2>${schemas.join("\n")}</section>
</main></body></html>
`;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; } main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h2 { margin-top: 2.5rem; } small { font-weight: normal; opacity: .7; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
details { border: 1px solid #8886; border-radius: .5rem; margin: .5rem 0; padding: .5rem .75rem; }
summary { cursor: pointer; } summary span { float: right; opacity: .8; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: #8881; padding: .75rem; border-radius: .5rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: .25rem .5rem .25rem 0; }
`;

function operationHtml({
  method,
  path,
  operation,
}: {
  method: string;
  path: string;
  operation: JsonObject;
}): string {
  const parameters = list(operation.parameters).map((parameter) => {
    const { name, in: place, required, description, schema } = object(parameter);
    const kind = `${text(place)}${required === true ? ", required" : ""}`;
    return row(`<code>${escapeHtml(text(name))}</code>`, kind, text(description), JSON.stringify(schema));
  });
  const body = object(object(object(operation.requestBody).content)["application/json"]);
  const examples = Object.values(object(body.examples)).map((example) => jsonHtml(object(example).value));
  const responses = Object.entries(object(operation.responses)).map(([status, response]) => {
    const { description, content } = object(response);
    const [type, media] = Object.entries(object(content))[0] ?? ["", {}];
    return row(
      status,
      escapeHtml(type),
      prose(text(description)),
      JSON.stringify(object(media).schema ?? null),
    );
  });
  return `<details id="${escapeHtml(text(operation.operationId))}"><summary><strong>${method}</strong> <code>${escapeHtml(path)}</code>
<span>${escapeHtml(text(operation.summary))}</span></summary>
${prose(text(operation.description))}
${parameters.length > 0 ? `<h4>Parameters</h4><table>${parameters.join("")}</table>` : ""}
${body.schema === undefined ? "" : `<h4>Body</h4>${examples.join("")}${jsonHtml(body.schema)}`}
<h4>Answers</h4><table>${responses.join("")}</table></details>`;
}

function row(first: string, second: string, third: string, schema: string | undefined): string {
  const shape = schema === undefined || schema === "null" ? "" : `<code>${escapeHtml(schema)}</code>`;
  return `<tr><td>${first}</td><td>${second}</td><td>${third}</td><td>${shape}</td></tr>`;
}

function jsonHtml(value: Json | undefined): string {
  return `<pre>${escapeHtml(JSON.stringify(value ?? null, null, 2))}</pre>`;
}

/** Paragraphs and `code`; the rest of Markdown is not used in descriptions. */
function prose(markdown: string): string {
  return markdown
    .split(/\n\n+/)
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) => `<p>${escapeHtml(paragraph).replaceAll(/`([^`]+)`/g, "<code>$1</code>")}</p>`)
    .join("");
}

function escapeHtml(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function serverUrl(servers: Json | undefined): string | null {
  const url = object(list(servers)[0]).url;
  return typeof url === "string" ? url : null;
}

function object(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
