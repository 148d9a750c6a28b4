import { z } from "zod";

export const TEMPLATE =
  "Replaces a reply to a user who has not written for 24 hours. Without it, the reply waits until the user writes, for at most 7 days.";

/** WhatsApp approves each template as one of these (Meta, "Template categories"). */
export const templateCategorySchema = z
  .enum(["utility", "marketing"], { error: 'must be "utility" or "marketing"' })
  .default("utility")
  .describe(
    "The category that it was approved for. A `marketing` template is not sent to users who refuse marketing messages.",
  );
