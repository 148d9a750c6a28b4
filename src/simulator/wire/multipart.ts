/** A part of a form: a field, or a file if it has a filename. */
export interface FormPart {
  name: string;
  filename: string | null;
  /** Empty: the sender named no type. */
  contentType: string;
  bytes: Buffer;
}

const LINE = "\r\n";

/**
 * The parts of a `multipart/form-data` body; null if it is none. It reads names without quotes too, which grammY writes
 * and the parser of Node 20 refuses.
 */
export function readMultipart(contentType: string, body: Buffer): FormPart[] | null {
  const boundary = parameter(contentType, "boundary");
  if (boundary === null) return null;
  const delimiter = `--${boundary}`;
  const parts: FormPart[] = [];
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    at += delimiter.length;
    if (body.toString("latin1", at, at + 2) === "--") return parts;
    const head = body.indexOf(LINE + LINE, at);
    const end = head < 0 ? -1 : body.indexOf(LINE + delimiter, head + LINE.length);
    if (end < 0) return null;
    const part = readPart(body.toString("utf8", at, head), body.subarray(head + 2 * LINE.length, end));
    if (part === null) return null;
    parts.push(part);
    at = end + LINE.length;
  }
  return null;
}

function readPart(head: string, bytes: Buffer): FormPart | null {
  const lines = head.split(LINE);
  const header = (name: string) =>
    lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1) ?? "";
  const disposition = header("content-disposition");
  const name = parameter(disposition, "name");
  if (name === null) return null;
  return {
    name,
    filename: parameter(disposition, "filename"),
    contentType: header("content-type").trim(),
    bytes,
  };
}

/** The value of a parameter, with quotes or without. */
function parameter(header: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, "i").exec(header);
  if (found === null) return null;
  const [, quoted, bare] = found;
  return quoted === undefined ? (bare ?? "") : quoted.replaceAll(/\\(.)/g, "$1").replaceAll("%22", '"');
}
