import {
  child,
  childOrNull,
  type Declaration,
  declarationOf,
  descendants,
  isFunction,
  list,
  nameOf,
  type Program,
  placeOf,
  type Syntax,
} from "./syntax.ts";

/** The value of an expression. Objects and functions stay code, with the arguments that are known around them. */
type Value =
  | { kind: "text"; text: string }
  | { kind: "list"; items: Item[] }
  | { kind: "code"; node: Syntax; frame: Frame };
/** Many items of lists are values of a statement, which only the running program knows. */
type Item = () => Value;
/** The arguments of the calls that are being followed, by parameter. */
type Frame = ReadonlyMap<Syntax, Item>;

/** Stands for the number of a parameter that the program counts itself: `$${values.push(value)}`. */
const NEXT_PARAMETER = "\u0000";

/** A value can lead to further ones, so the reader stops only after that many evaluations without a new one. */
const ENOUGH = 12;

/** Says which expression cannot be evaluated without running the program. */
export class UnknownValue extends Error {}

/**
 * Evaluates texts without running the program. It follows names, imports, functions, and the calls that give a
 * parameter. Where several values are possible, it evaluates the text again until each of them was taken once: both
 * branches of a condition, every call of a function, every item of a loop. A list that conditions fill is complete.
 */
export function createReader(program: Program) {
  const callsByName = new Map<string, Syntax[]>();
  for (const node of [...program.values()].flatMap(({ root }) => descendants(root))) {
    const name = node.type === "CallExpression" ? nameOf(child(node, "callee")) : null;
    if (name !== null) callsByName.set(name, [...(callsByName.get(name) ?? []), node]);
  }
  /** The number of values that were taken, by the place of the decision; and the decisions of this evaluation. */
  let taken = new Map<unknown, number>();
  let decisions = new Map<unknown, number>();
  /** The evaluations since a value was taken for the first time. */
  let quiet = 0;

  /** The same decision gives the same value within one evaluation. */
  function choose(place: unknown, count: number): number {
    const decided = decisions.get(place);
    if (decided !== undefined) return decided;
    const before = taken.get(place) ?? 0;
    if (before < count) quiet = 0;
    taken.set(place, before + 1);
    decisions.set(place, before % count);
    return before % count;
  }

  function oneOf<T>(place: unknown, options: readonly T[], use: Syntax): T {
    const found = options[choose(place, options.length)];
    return found === undefined ? unknown(use) : found;
  }

  function unknown(node: Syntax): never {
    throw new UnknownValue(`${placeOf(program, node)}: ${node.type} depends on what happens at run time`);
  }

  function read(node: Syntax, frame: Frame): Value {
    switch (node.type) {
      case "Literal":
        return { kind: "text", text: String(node.value) };
      case "TemplateLiteral":
        return readTemplate(node, frame);
      case "ConditionalExpression": {
        // The same condition in two places has the same outcome.
        const { start, end } = child(node, "test");
        const branches = [child(node, "consequent"), child(node, "alternate")];
        return read(oneOf(program.get(node.file)?.source.slice(start, end), branches, node), frame);
      }
      case "BinaryExpression":
        return readOperation(node, frame);
      case "Identifier":
        return readName(node, frame);
      case "ArrayExpression":
        return { kind: "list", items: itemsOf(list(node, "elements"), frame) };
      case "ObjectExpression":
      case "ArrowFunctionExpression":
      case "FunctionExpression":
        return { kind: "code", node, frame };
      case "MemberExpression":
        return readMember(node, frame);
      case "CallExpression":
        return readCall(node, frame);
      case "ParenthesizedExpression":
      case "TSAsExpression":
      case "TSSatisfiesExpression":
      case "TSNonNullExpression":
        return read(child(node, "expression"), frame);
      case "AwaitExpression":
        return read(child(node, "argument"), frame);
      default:
        return unknown(node);
    }
  }

  function readTemplate(node: Syntax, frame: Frame): Value {
    const [first = "", ...rest] = list(node, "quasis").map(cookedText);
    const text = list(node, "expressions").reduce(
      (before, expression, index) =>
        before +
        (before.endsWith("$") ? NEXT_PARAMETER : textOf(read(expression, frame), expression)) +
        rest[index],
      first,
    );
    return { kind: "text", text };
  }

  function readOperation(node: Syntax, frame: Frame): Value {
    const [left = "", right = ""] = [child(node, "left"), child(node, "right")].map((side) =>
      textOf(read(side, frame), side),
    );
    const [first, second] = [Number(left), Number(right)];
    const areNumbers = !Number.isNaN(first) && !Number.isNaN(second);
    if (node.operator === "+")
      return { kind: "text", text: areNumbers ? String(first + second) : left + right };
    return node.operator === "*" && areNumbers
      ? { kind: "text", text: String(first * second) }
      : unknown(node);
  }

  function readName(node: Syntax, frame: Frame): Value {
    const declaration = declarationOf(program, String(node.name), node);
    if (declaration === null) return unknown(node);
    return declaration.path.reduce(
      (value, step) => property(value, step, node),
      readDeclaration(declaration, frame, node),
    );
  }

  function readDeclaration({ node }: Declaration, frame: Frame, use: Syntax): Value {
    const given = frame.get(node);
    if (given !== undefined) return given();
    if (node.type === "FunctionDeclaration") return { kind: "code", node, frame };
    if (node.type !== "VariableDeclarator") return readArgument(node, use);
    const loop = node.parent?.parent;
    if (loop?.type === "ForOfStatement") {
      const items = read(child(loop, "right"), frame);
      return items.kind === "list" ? oneOf(loop, items.items, use)() : unknown(use);
    }
    const value = read(childOrNull(node, "init") ?? unknown(use), frame);
    return value.kind === "list"
      ? { kind: "list", items: [...value.items, ...pushedTo(node, frame)] }
      : value;
  }

  /** A parameter has the values that the calls of its function give. */
  function readArgument(parameter: Syntax, use: Syntax): Value {
    const owner = parameter.parent ?? unknown(use);
    const declared = owner.parent?.type === "VariableDeclarator" ? owner.parent : owner;
    const name = nameOf(childOrNull(declared, "id")) ?? unknown(use);
    const calls = (callsByName.get(name) ?? []).filter(
      (call) => declarationOf(program, name, call)?.node === declared,
    );
    const call = oneOf(owner, calls, use);
    return read(list(call, "arguments")[list(owner, "params").indexOf(parameter)] ?? unknown(use), new Map());
  }

  function pushedTo(declarator: Syntax, frame: Frame): Item[] {
    const name = nameOf(child(declarator, "id"));
    const block = declarator.parent?.parent;
    if (name === null || !block) return [];
    return descendants(block).flatMap((node) => {
      if (node.type !== "CallExpression") return [];
      const callee = child(node, "callee");
      const isPush = callee.type === "MemberExpression" && nameOf(child(callee, "property")) === "push";
      if (!isPush || nameOf(child(callee, "object")) !== name) return [];
      return itemsOf(list(node, "arguments"), frame);
    });
  }

  function itemsOf(elements: readonly Syntax[], frame: Frame): Item[] {
    return elements.flatMap((element) => {
      if (element.type !== "SpreadElement") return [() => read(element, frame)];
      const inner = child(element, "argument");
      const value = read(inner, frame);
      return value.kind === "list" ? value.items : unknown(inner);
    });
  }

  function readMember(node: Syntax, frame: Frame): Value {
    const key = child(node, "property");
    const name = node.computed ? textOf(read(key, frame), key) : nameOf(key);
    return property(read(child(node, "object"), frame), name ?? unknown(key), node);
  }

  function property(value: Value, name: string, use: Syntax): Value {
    if (value.kind === "text") return unknown(use);
    if (value.kind === "list") return value.items[Number(name)]?.() ?? unknown(use);
    const found = list(value.node, "properties").find((part) => nameOf(childOrNull(part, "key")) === name);
    return read(child(found ?? unknown(use), "value"), value.frame);
  }

  function readCall(node: Syntax, frame: Frame): Value {
    const callee = child(node, "callee");
    const given = list(node, "arguments").map((argument) => () => read(argument, frame));
    return callee.type === "MemberExpression"
      ? readMethod(node, callee, frame)
      : apply(read(callee, frame), given, node);
  }

  function readMethod(node: Syntax, callee: Syntax, frame: Frame): Value {
    const [argument = node] = list(node, "arguments");
    const object = child(callee, "object");
    const method = `${nameOf(object) ?? ""}.${nameOf(child(callee, "property"))}`;
    // Any number will do.
    if (method.startsWith("Math.")) return { kind: "text", text: "1" };
    const value = read(method === "Object.keys" ? argument : object, frame);
    if (method === "Object.keys" && value.kind === "code") return keysOf(value.node);
    if (value.kind !== "list") return unknown(node);
    if (method.endsWith(".filter")) return value;
    if (method.endsWith(".join")) {
      const texts = value.items.map((item) => textOf(item(), node));
      return { kind: "text", text: texts.join(textOf(read(argument, frame), argument)) };
    }
    if (!method.endsWith(".map")) return unknown(node);
    const each = read(argument, frame);
    const items = value.items.map(
      (item, index) => () => apply(each, [item, () => ({ kind: "text", text: String(index) })], node),
    );
    return { kind: "list", items };
  }

  /** The result of a function: its expression, or the value of one of its `return` statements. */
  function apply(value: Value, given: readonly Item[], use: Syntax): Value {
    if (value.kind !== "code" || !isFunction(value.node)) return unknown(use);
    const frame = new Map(value.frame);
    for (const [index, parameter] of list(value.node, "params").entries()) {
      const argument = given[index];
      if (argument) frame.set(parameter, argument);
    }
    const body = child(value.node, "body");
    if (body.type !== "BlockStatement") return read(body, frame);
    const results = descendants(body, isFunction).flatMap((node) =>
      node.type === "ReturnStatement" ? (childOrNull(node, "argument") ?? []) : [],
    );
    return read(oneOf(body, results, use), frame);
  }

  function textOf(value: Value, use: Syntax): string {
    return value.kind === "text" ? value.text : unknown(use);
  }

  return {
    /** The possible texts of a statement. It is given as a text, or as an object with a `text`. */
    statements(node: Syntax): string[] {
      const texts = new Set<string>();
      taken = new Map();
      quiet = 0;
      do {
        decisions = new Map();
        quiet += 1;
        const value = read(node, new Map());
        texts.add(numbered(textOf(value.kind === "code" ? property(value, "text", node) : value, node)));
      } while (decisions.size > 0 && quiet < ENOUGH);
      return [...texts];
    },
  };
}

const cookedText = (quasi: Syntax): string => {
  const { value } = quasi;
  return typeof value === "object" && value !== null && "cooked" in value ? String(value.cooked) : "";
};

const keysOf = (object: Syntax): Value => ({
  kind: "list",
  items: list(object, "properties").map((part) => () => ({
    kind: "text",
    text: nameOf(child(part, "key")) ?? "",
  })),
});

/** Numbers the parameters that the program would have numbered, after those that have a number already. */
function numbered(statement: string): string {
  let last = Math.max(0, ...[...statement.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  return statement.replaceAll(NEXT_PARAMETER, () => String(++last));
}
