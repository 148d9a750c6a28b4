import { createTimes } from "../../web-chat/view/times.ts";

/** The console speaks English; within it, the reader's own way to write dates. */
const tag = navigator.language.startsWith("en") ? navigator.language : "en-GB";

export const times = createTimes(tag);
