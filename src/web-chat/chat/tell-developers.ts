/** Reports problems in the console that only the developers of a page can fix. */
export function tellDevelopers(...what: unknown[]): void {
  // biome-ignore lint/suspicious/noConsole: a page has no other place for what its visitors need not read
  console.error("causeway-chat:", ...what);
}
