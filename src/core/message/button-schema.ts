import { z } from "zod";
import { isWebAddress } from "./button.ts";

/** The limits for buttons, in every place where people write them. No platform shows more of them well. */
const BUTTON_LIMITS = { buttons: 20, label: 100, payload: 1000, url: 2000 };

/** One button as people write it: `{ "label": "Yes", "payload": "confirm:7" }`, or with a `url` that it opens. */
const buttonSchema = z.strictObject({
  label: z
    .string()
    .max(BUTTON_LIMITS.label)
    .refine((label) => label.trim() !== "" && !/[\r\n]/.test(label), "write some text on one line")
    .describe("Its text. Pressing it sends the same text."),
  payload: z
    .string()
    .min(1)
    .max(BUTTON_LIMITS.payload)
    .exactOptional()
    .describe("The value that the bot gets with the press. Default: the label."),
  url: z
    .string()
    .max(BUTTON_LIMITS.url)
    .refine(isWebAddress, "write a URL that begins with http:// or https://")
    .exactOptional()
    .describe("Opens this page instead; such a button never comes back."),
});

export const buttonsSchema = z.array(buttonSchema).max(BUTTON_LIMITS.buttons);
