/** Marks that reverse the order of letters. With them `photo_txt.png` can be a text file. */
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A file's name in its stored order of letters, without such marks. */
export const shownName = (name: string): string => name.replace(TURNING, "");
