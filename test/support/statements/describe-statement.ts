import type pg from "pg";

/** A column of a statement's result, with the id of its type. */
export type Column = Pick<pg.FieldDef, "name" | "dataTypeID">;

/** Lets Postgres prepare a statement. Gives its columns without running it, or the error. */
export function describeStatement(client: pg.Client, text: string): Promise<Column[] | Error> {
  return new Promise((resolve) => {
    let columns: Column[] = [];
    const submission = {
      submit(connection: pg.Connection) {
        connection.parse({ name: "", text, types: [] }, true);
        connection.describe({ type: "S", name: "" }, true);
        connection.sync();
      },
      handleRowDescription: ({ fields }: { fields: Column[] }) => {
        columns = fields;
      },
      handleError: resolve,
      handleReadyForQuery: () => resolve(columns),
    };
    client.query(submission);
  });
}
