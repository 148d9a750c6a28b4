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
}

/** Finds the statement of every call of `query` in the service. */
export function findStatements(program: Program): FoundStatements {
  const reader = createReader(program);
  const found: FoundStatements = { statements: [], unknown: new Map() };
  for (const call of [...program.values()].flatMap(({ root }) => descendants(root).filter(isQuery))) {
    const place = placeOf(program, call);
    try {
      const row = rowOf(program, call);
      for (const text of reader.statements(list(call, "arguments")[0] ?? call))
        for (const statement of singleStatements(text))
          found.statements.push({ place, text: statement, row });
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

/** Only the last of several statements gives the rows; the others are settings. */
const singleStatements = (text: string): string[] => text.split(/;\s*\n/).filter((one) => one.trim() !== "");
