import { createReader, UnknownValue } from "./possible-values.ts";
import { type RowType, rowTypeOf } from "./row-types.ts";
import {
  child,
  childOrNull,
  descendants,
  list,
  nameOf,
  type Program,
  placeOf,
  type Syntax,
} from "./syntax.ts";

export interface Statement {
  /** `src/file.ts:line` of the call that runs it. */
  place: string;
  text: string;
  /** The declared type of its rows; null if none is declared. */
  row: RowType | null;
}

export interface FoundStatements {
  statements: Statement[];
  /** Calls whose statement is known only when they run, by file, with the reason. */
  unknown: Map<string, string[]>;
  /** Calls whose rows are read without a declared type. */
  untyped: string[];
}

/** Finds the statement of every call of `query` in the service. */
export function findStatements(program: Program): FoundStatements {
  const reader = createReader(program);
  const found: FoundStatements = { statements: [], unknown: new Map(), untyped: [] };
  for (const call of [...program.values()].flatMap(({ root }) => descendants(root).filter(isQuery))) {
    const place = placeOf(program, call);
    try {
      const row = rowOf(program, call);
      for (const text of reader.statements(list(call, "arguments")[0] ?? call))
        found.statements.push(...singleStatements(text, place, row));
      if (readsRows(call) && !isTyped(call)) found.untyped.push(place);
    } catch (error) {
      if (!(error instanceof UnknownValue)) throw error;
      const reasons = found.unknown.get(call.file) ?? [];
      found.unknown.set(call.file, [...reasons, `${place}: ${error.message}`]);
    }
  }
  return found;
}

function isQuery(node: Syntax): boolean {
  if (node.type !== "CallExpression") return false;
  const callee = child(node, "callee");
  return callee.type === "MemberExpression" && nameOf(child(callee, "property")) === "query";
}

function rowOf(program: Program, call: Syntax): RowType | null {
  const [type] = list(childOrNull(call, "typeArguments") ?? call, "params");
  return type ? rowTypeOf(program, type) : null;
}

/** `const { rows } = await pool.query(…)` */
function readsRows(call: Syntax): boolean {
  const declarator = call.parent?.type === "AwaitExpression" ? call.parent.parent : null;
  if (declarator?.type !== "VariableDeclarator") return false;
  return list(child(declarator, "id"), "properties").some(
    (part) => nameOf(childOrNull(part, "key")) === "rows",
  );
}

function isTyped(call: Syntax): boolean {
  const pattern = call.parent?.parent && child(call.parent.parent, "id");
  return [call["typeArguments"], pattern?.["typeAnnotation"]].some((type) => type != null);
}

/** The last of several statements gives the rows, and the others are settings. The columns of a cursor are unknown. */
function singleStatements(text: string, place: string, row: RowType | null): Statement[] {
  const texts = text.split(/;\s*\n/).filter((one) => one.trim() !== "");
  return texts.map((one) => ({
    place,
    text: one,
    row: one === texts.at(-1) && !one.startsWith("FETCH ") ? row : null,
  }));
}
