/**
 * Removes the backslashes with which Markdown keeps a mark literal: `snake\_case` becomes `snake_case`. Backslashes in
 * a path (`C:\_x`), in a formula (`\(`) and in `¯\_(ツ)_/¯` stay.
 */
export function withoutEscapes(text: string): string {
  return text.replace(/(?<![\\:¯])\\([*_~`#+\-.!>|])/g, "$1");
}

/**
 * The same for a platform with its own marks. A mark stays escaped if it could begin or end a style there. So `5\*3`
 * becomes `5*3`, and `\*not bold\*` stays as it is.
 */
export function withoutPlainEscapes(text: string): string {
  return text.replace(/(?<![\\:¯])\\([#+\-.!>|]|(?<=[\p{L}\p{N}]\\)[*_~](?=[\p{L}\p{N}]))/gu, "$1");
}
