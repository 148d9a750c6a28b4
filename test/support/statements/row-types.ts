import { child, childOrNull, declarationOf, list, nameOf, type Program, type Syntax } from "./syntax.ts";

/** The columns of a declared row: the type of each, or null where it is not one of the plain types. */
export type RowType = ReadonlyMap<string, PlainType | null>;
type PlainType = "string" | "number" | "boolean" | "Date" | "Buffer";
/** The arguments of a generic type, by the name of its parameter. */
type Arguments = ReadonlyMap<string, Syntax>;

const PLAIN: Readonly<Record<string, PlainType>> = {
  TSStringKeyword: "string",
  TSNumberKeyword: "number",
  TSBooleanKeyword: "boolean",
  Date: "Date",
  Buffer: "Buffer",
};

/** Reads the columns of a type from its declaration. Null: it is a parameter, or built in a way unknown here. */
export function rowTypeOf(program: Program, type: Syntax, given: Arguments = new Map()): RowType | null {
  switch (type.type) {
    case "TSTypeLiteral":
      return membersOf(list(type, "members"));
    case "TSInterfaceBody":
      return membersOf(list(type, "body"));
    case "TSParenthesizedType":
      return rowTypeOf(program, child(type, "typeAnnotation"), given);
    case "TSIntersectionType":
      return merged(list(type, "types").map((part) => rowTypeOf(program, part, given)));
    case "TSTypeReference":
      return referenced(program, type, given);
    default:
      return null;
  }
}

function referenced(program: Program, type: Syntax, given: Arguments): RowType | null {
  const name = nameOf(child(type, "typeName")) ?? "";
  const argument = given.get(name);
  if (argument !== undefined) return rowTypeOf(program, argument);
  const args = list(childOrNull(type, "typeArguments") ?? type, "params");
  if (name === "Omit" || name === "Pick") return chosen(program, name, args, given);
  const declared = declarationOf(program, name, type)?.node;
  if (declared === undefined) return null;
  const parameters = list(childOrNull(declared, "typeParameters") ?? declared, "params");
  const inside = new Map(
    parameters.flatMap((parameter, index): [string, Syntax][] => {
      const value = args[index] ?? childOrNull(parameter, "default");
      return value ? [[nameOf(child(parameter, "name")) ?? "", value]] : [];
    }),
  );
  if (declared.type === "TSTypeAliasDeclaration")
    return rowTypeOf(program, child(declared, "typeAnnotation"), inside);
  if (declared.type !== "TSInterfaceDeclaration") return null;
  const bases = list(declared, "extends").map((base) => baseOf(program, base));
  return merged([...bases, rowTypeOf(program, child(declared, "body"), inside)]);
}

function baseOf(program: Program, base: Syntax): RowType | null {
  const typeName = child(base, "expression");
  return referenced(program, Object.assign(base, { typeName }), new Map());
}

function chosen(
  program: Program,
  way: "Omit" | "Pick",
  [whole, keys]: Syntax[],
  given: Arguments,
): RowType | null {
  if (!whole || !keys) return null;
  const row = rowTypeOf(program, whole, given);
  const literals = keys.type === "TSUnionType" ? list(keys, "types") : [keys];
  const names = new Set(literals.map((literal) => nameOf(childOrNull(literal, "literal"))));
  return row && new Map([...row].filter(([name]) => names.has(name) === (way === "Pick")));
}

function merged(parts: readonly (RowType | null)[]): RowType | null {
  const known = parts.flatMap((part) => (part === null ? [] : [part]));
  return known.length < parts.length ? null : new Map(known.flatMap((part) => [...part]));
}

function membersOf(members: readonly Syntax[]): RowType {
  return new Map(
    members.flatMap((member): [string, PlainType | null][] => {
      const name = nameOf(childOrNull(member, "key"));
      const annotation = childOrNull(member, "typeAnnotation");
      return name === null || annotation === null
        ? []
        : [[name, plainType(child(annotation, "typeAnnotation"))]];
    }),
  );
}

function plainType(type: Syntax): PlainType | null {
  if (type.type === "TSUnionType") {
    const parts = list(type, "types").filter((part) => part.type !== "TSNullKeyword");
    const [first] = parts;
    return first && parts.length === 1 ? plainType(first) : null;
  }
  return PLAIN[nameOf(childOrNull(type, "typeName")) ?? type.type] ?? null;
}
