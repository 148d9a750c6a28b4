import { withoutEscapes } from "../../core/text/markdown/escapes.ts";
import { readInline } from "../../core/text/markdown/inline.ts";

/** Maximum width. A phone wraps longer lines of code, and then columns no longer align. */
const WIDEST = 40;

/** The lines of a table: each row's cells, the head's first. */
export type Table = readonly (readonly string[])[];

/**
 * A table as aligned lines, to be shown as code. Null if it is too wide for a phone or longer than its source. Also
 * null if a cell has a link, because code cannot contain links.
 */
export function columnsOf(table: Table, longest: number): string | null {
  const rows = table.map((cells) => cells.map(wordsOf));
  if (rows.some((cells) => cells.includes(null))) return null;
  const words = rows.map((cells) => cells.map((cell) => cell ?? ""));
  const count = Math.max(...words.map((cells) => cells.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...words.map((cells) => widthOf(cells[column] ?? ""))),
  );
  if (widths.reduce((sum, width) => sum + width + SEPARATOR.length, -SEPARATOR.length) > WIDEST) return null;
  const [head = "", ...body] = words.map((cells) => lineOf(cells, widths));
  const plain = [head, ...body].join("\n");
  const ruled = [head, widths.map((width) => "-".repeat(width)).join(SEPARATOR), ...body].join("\n");
  return [ruled, plain].find((text) => text.length <= longest && text.trim() !== "") ?? null;
}

const SEPARATOR = "  ";

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  return widths
    .map((width, column) => {
      const cell = cells[column] ?? "";
      return cell + " ".repeat(width - widthOf(cell));
    })
    .join(SEPARATOR)
    .trimEnd();
}

/** A cell without its marks; null if it has a link. */
function wordsOf(cell: string): string | null {
  const { runs } = readInline(cell);
  if (runs.some(({ link }) => link !== null)) return null;
  return runs.map((run) => (run.code ? run.text : withoutEscapes(run.text))).join("");
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const WIDE =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]/u;

/** The width of a text in columns of a fixed-width font: Chinese characters and emoji take two. */
function widthOf(text: string): number {
  return [...graphemes.segment(text)].reduce((sum, { segment }) => sum + (WIDE.test(segment) ? 2 : 1), 0);
}
