-- How a text is meant: `text` goes out as it was written, null is Markdown, which each platform shows in its own way.
ALTER TABLE "messages" ADD COLUMN "format" TEXT CHECK ("format" IN ('text'));
ALTER TABLE "deliveries" ADD COLUMN "format" TEXT CHECK ("format" IN ('text'));

-- What is put down for later is sent as it was written, unless it says that it is Markdown.
ALTER TABLE "schedules" ADD COLUMN "format" TEXT CHECK ("format" IN ('markdown'));
