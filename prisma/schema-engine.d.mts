/**
 * The SQL that turns a migrated database into what a Prisma schema declares; empty where it already is.
 * @param options.databaseUrl a database with all migrations applied.
 * @param options.schema the schema's text; that of `prisma/schema.prisma` where left out.
 */
export function schemaDrift(options: { databaseUrl: string; schema?: string }): Promise<string>;
