import { percentDecoded } from "./percent-decoded.ts";

/** Replaces a part that may be secret. */
export const MASKED = "[secret]";

/** Origin, user and password, path, query, fragment. Not parsed as a URL, because the rest has to stay as written. */
const PARTS = /^(https?:\/\/)([^/?#]*@)?([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/i;
/** Shorter values such as `true` occur everywhere. To hide them would make logs unreadable and protect nothing. */
const SHORTEST = 6;
/** Segments of a path that are shorter are words, not secrets. */
const SHORTEST_SEGMENT = 12;

/** Returns an address without its user, its password and the values of its query. Other text is returned unchanged. */
export function maskUrl(text: string, { path: withPath = false } = {}): string {
  const parts = PARTS.exec(text);
  if (!parts) return text;
  const [, scheme = "", user, host = "", path = "", query, fragment = ""] = parts;
  const shownPath = withPath && path.length > 1 ? `/${MASKED}` : path;
  const shownQuery = query === undefined ? "" : `?${query.slice(1).split("&").map(maskParameter).join("&")}`;
  return `${scheme}${user === undefined ? "" : `${MASKED}@`}${host}${shownPath}${shownQuery}${fragment}`;
}

/** Returns the parts of an address that `maskUrl` masks, as they are written and as they are sent. */
export function urlSecrets(text: string, { path: withPath = false } = {}): string[] {
  const [, , user = "", , path = "", query = ""] = PARTS.exec(text) ?? [];
  const credentials = percentDecoded(user.slice(0, -1));
  const [name = "", ...password] = credentials.split(":");
  const sent = credentials === "" ? "" : btoa(utf8(password.length === 0 ? `${name}:` : credentials));
  const words = [password.length === 0 ? name : password.join(":"), sent];
  const values = query.slice(1).split("&").map(givenValue);
  const segments = withPath ? path.split("/").filter(({ length }) => length >= SHORTEST_SEGMENT) : [];
  return [
    ...words.filter((word) => word !== ""),
    ...values.filter(({ length }) => length >= SHORTEST),
    ...segments,
  ].flatMap((value) => (value === percentDecoded(value) ? [value] : [value, percentDecoded(value)]));
}

function maskParameter(parameter: string): string {
  const at = parameter.indexOf("=");
  // Without a name, all of it may be the key.
  if (at === -1) return parameter === "" ? "" : MASKED;
  return at === parameter.length - 1 ? parameter : `${parameter.slice(0, at)}=${MASKED}`;
}

function givenValue(parameter: string): string {
  return parameter.slice(parameter.indexOf("=") + 1);
}

/** The bytes of a text, each as a character. `btoa` takes no others. */
function utf8(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
