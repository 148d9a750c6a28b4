import { z } from "zod";

/** A text to be said. A blank one would be accepted, and then nothing would be sent. */
export const someText = z.string().regex(/\S/, "write some text");
