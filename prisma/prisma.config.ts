import { defineConfig } from "prisma/config";

/** Only for the Prisma command line; the service reads DATABASE_URL itself and applies migrations at start. */
export default defineConfig({
  schema: "schema.prisma",
  migrations: { path: "migrations" },
  ...(process.env["DATABASE_URL"] ? { datasource: { url: process.env["DATABASE_URL"] } } : {}),
});
