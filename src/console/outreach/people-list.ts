/** A person of a pasted list, with the participant data to store. */
export interface Listed {
  identifier: string;
  participantData: Record<string, string>;
}

/** The name that the first column of a table must have. */
const FIRST = "identifier";

/**
 * Reads the recipients of a message: one identifier in each line, or a table. A spreadsheet copies a table with tabs
 * and saves it as CSV. Its first column is called `identifier`, and the others become participant data. Each person
 * counts once. Pure.
 */
export function readPeople(text: string): Listed[] {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "");
  const separator = separatorOf(lines[0] ?? "");
  const rows =
    separator === null
      ? lines.map((line) => [line])
      : cellsOf(text, separator).filter((row) => row.some((cell) => cell.trim() !== ""));
  const [, ...names] = separator === null ? [] : (rows.shift() ?? []).map((cell) => cell.trim());
  const people = rows.map(([identifier = "", ...cells]) => ({
    identifier: identifier.trim(),
    participantData: Object.fromEntries(
      cells.flatMap((cell, index) => {
        const name = names[index] ?? "";
        return name === "" || cell.trim() === "" ? [] : [[name, cell.trim()]];
      }),
    ),
  }));
  const byIdentifier = new Map(people.map((person) => [person.identifier, person]));
  byIdentifier.delete("");
  return [...byIdentifier.values()];
}

/** The separator of a table; null if the text is no table. */
function separatorOf(header: string): string | null {
  const found = /^\uFEFF?\s*"?identifier"?\s*([,;\t])/i.exec(header)?.[1];
  if (found !== undefined) return found;
  return new RegExp(`^\\uFEFF?\\s*"?${FIRST}"?\\s*$`, "i").test(header) ? "," : null;
}

/** The cells of a table. A quoted cell may contain separators, line ends and doubled quotes. */
function cellsOf(text: string, separator: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let isQuoted = false;
  const endCell = () => {
    rows.at(-1)?.push(cell);
    cell = "";
  };
  const input = text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  for (let at = 0; at < input.length; at++) {
    const character = input.charAt(at);
    if (isQuoted && character === '"' && input[at + 1] === '"') {
      cell += '"';
      at++;
    } else if (character === '"' && (isQuoted || cell.trim() === "")) {
      isQuoted = !isQuoted;
      if (isQuoted) cell = "";
    } else if (!isQuoted && character === separator) endCell();
    else if (!isQuoted && character === "\n") {
      endCell();
      rows.push([]);
    } else cell += character;
  }
  endCell();
  return rows;
}
