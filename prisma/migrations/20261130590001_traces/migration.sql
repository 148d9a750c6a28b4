-- The W3C header of the API call whose trace this run continues. Null for most: then the trace's id follows from the
-- id of the message. It is written with the row, so a trace costs no write.
ALTER TABLE "executions" ADD COLUMN "traceparent" TEXT
    CONSTRAINT "executions_traceparent_check" CHECK ("traceparent" ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$');
