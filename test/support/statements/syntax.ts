import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { parseSync } from "vite";

/** A node of the syntax tree of a source file. */
export interface Syntax {
  type: string;
  start: number;
  end: number;
  /** The path of the file below `src/`. */
  file: string;
  parent: Syntax | null;
  children: Syntax[];
  [field: string]: unknown;
}

/** The parsed source files by path below `src/`. */
export type Program = ReadonlyMap<string, { root: Syntax; source: string }>;

const SOURCES = new URL("../../../src/", import.meta.url);

/** Parses every TypeScript file of the service. Generated code and pages for browsers are left out. */
export function parseSources(): Program {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter(
    (file) =>
      /(?<!\.d)\.ts$/.test(file) &&
      !/^(storage\/generated|web-chat|console|simulator|simulator-page|client)\//.test(file),
  );
  return new Map(files.map((file) => [file, parseFile(file, readFileSync(new URL(file, SOURCES), "utf8"))]));
}

/** Parses one file and lets every node know its parent. */
export function parseFile(file: string, source: string): { root: Syntax; source: string } {
  const { program, errors } = parseSync(file, source, { lang: "ts" });
  if (errors.length > 0) throw new Error(`src/${file} cannot be parsed: ${errors[0]?.message}`);
  return { root: adopt(program as unknown as Syntax, null, file), source };
}

function adopt(node: Syntax, parent: Syntax | null, file: string): Syntax {
  const children = Object.values(node).flat().filter(isSyntax);
  for (const below of children) adopt(below, node, file);
  return Object.assign(node, { parent, children, file });
}

function isSyntax(value: unknown): value is Syntax {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** A node and everything below it, except what `skip` is true for. */
export function descendants(node: Syntax, skip: (below: Syntax) => boolean = () => false): Syntax[] {
  const found = [node];
  for (let index = 0; index < found.length; index++)
    for (const below of found[index]?.children ?? []) if (!skip(below)) found.push(below);
  return found;
}

/** The child in a field that always has one. */
export function child(node: Syntax, field: string): Syntax {
  const value = node[field];
  if (!isSyntax(value)) throw new Error(`${node.type} has no ${field}`);
  return value;
}

export function childOrNull(node: Syntax, field: string): Syntax | null {
  const value = node[field];
  return isSyntax(value) ? value : null;
}

export function list(node: Syntax, field: string): Syntax[] {
  return [node[field]].flat().filter(isSyntax);
}

export const isFunction = ({ type }: Syntax): boolean =>
  type === "ArrowFunctionExpression" || type === "FunctionExpression" || type === "FunctionDeclaration";

/** The name of an identifier or of a property that is not computed; null for anything else. */
export function nameOf(node: Syntax | null): string | null {
  if (node?.type === "Identifier") return String(node.name);
  return node?.type === "Literal" ? String(node.value) : null;
}

/** A name's declaration: a pattern that holds it, and what the pattern takes apart. */
export interface Declaration {
  /** A declarator, a function, the parameter of a function, or the left side of a loop. */
  node: Syntax;
  /** The properties that lead from the whole value to the named one. */
  path: readonly string[];
}

/** Finds what a name stands for: in the blocks and functions around it, then in the imported file. */
export function declarationOf(program: Program, name: string, from: Syntax): Declaration | null {
  for (let scope = from.parent; scope !== null; scope = scope.parent) {
    const found = declaredIn(program, scope, name);
    if (found !== null) return found;
  }
  return null;
}

function declaredIn(program: Program, scope: Syntax, name: string): Declaration | null {
  if (isFunction(scope)) return firstOf(list(scope, "params"), (node) => inPattern(node, node, name));
  if (scope.type === "ForOfStatement") return inStatement(program, child(scope, "left"), name);
  if (scope.type !== "BlockStatement" && scope.type !== "Program") return null;
  return firstOf(list(scope, "body"), (statement) => inStatement(program, statement, name));
}

const NAMED = new Set(["FunctionDeclaration", "TSInterfaceDeclaration", "TSTypeAliasDeclaration"]);

function inStatement(program: Program, statement: Syntax, name: string): Declaration | null {
  if (statement.type === "ImportDeclaration") return inImport(program, statement, name);
  const declaration = childOrNull(statement, "declaration") ?? statement;
  if (NAMED.has(declaration.type))
    return nameOf(childOrNull(declaration, "id")) === name ? { node: declaration, path: [] } : null;
  if (declaration.type !== "VariableDeclaration") return null;
  return firstOf(list(declaration, "declarations"), (node) => inPattern(node, child(node, "id"), name));
}

function inImport(program: Program, statement: Syntax, name: string): Declaration | null {
  const specifier = list(statement, "specifiers").find((one) => nameOf(child(one, "local")) === name);
  const from = String(child(statement, "source").value);
  if (specifier === undefined || !from.startsWith(".")) return null;
  const target = program.get(posix.join(posix.dirname(statement.file), from))?.root;
  const exported = nameOf(childOrNull(specifier, "imported")) ?? name;
  return target === undefined ? null : declaredIn(program, target, exported);
}

function inPattern(node: Syntax, pattern: Syntax, name: string): Declaration | null {
  if (pattern.type === "Identifier") return pattern.name === name ? { node, path: [] } : null;
  if (pattern.type === "AssignmentPattern") return inPattern(node, child(pattern, "left"), name);
  const parts: [string, Syntax][] =
    pattern.type === "ObjectPattern"
      ? list(pattern, "properties").flatMap((part): [string, Syntax][] =>
          part.type === "Property" ? [[nameOf(child(part, "key")) ?? "", child(part, "value")]] : [],
        )
      : list(pattern, "elements").map((part, index): [string, Syntax] => [String(index), part]);
  return firstOf(parts, ([step, part]) => {
    const found = inPattern(node, part, name);
    return found && { node, path: [step, ...found.path] };
  });
}

function firstOf<T>(items: readonly T[], find: (item: T) => Declaration | null): Declaration | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}

/** `src/file.ts:line` of a node. */
export function placeOf(program: Program, node: Syntax): string {
  const before = program.get(node.file)?.source.slice(0, node.start) ?? "";
  return `src/${node.file}:${before.split("\n").length}`;
}
