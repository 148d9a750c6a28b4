/** The names of people on the channels that fix their form: a word for the name, and an example. */
const EXAMPLES = new Map([
  ["whatsapp", ["phone number", "+491701234567"]],
  ["sms", ["phone number", "+491701234567"]],
  ["telegram", ["chat id", "777001"]],
  ["slack", ["member id", "U0123ABCD"]],
]);

/** Says what to write for each person on a kind of channel, and that a table will do. */
export function describeIdentifier(kind: string): string {
  const [name = "identifier", example] = EXAMPLES.get(kind) ?? [];
  const such = example === undefined ? "" : `, such as ${example}`;
  return `one ${name} in each line${such}, or a table whose first column is identifier`;
}
