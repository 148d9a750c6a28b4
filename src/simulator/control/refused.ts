import type { Response } from "express";

/** Answers with an error in the form of the public API. */
export function refused(
  response: Response,
  status: number,
  code: string,
  message: string,
  details?: unknown,
): void {
  response.status(status).json({ error: { code, message, ...(details === undefined ? {} : { details }) } });
}
