-- How the bot's own words ended: `stop`, or `length` where a limit cut them off. Null where it does not say.
ALTER TABLE "executions" ADD COLUMN "finish_reason" TEXT CHECK ("finish_reason" IN ('stop', 'length'));
