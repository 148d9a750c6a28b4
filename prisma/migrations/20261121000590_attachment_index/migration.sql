-- Few deliveries are files, and each change of a delivery writes every index it is in.
DROP INDEX "deliveries_attachment_id_idx";
CREATE INDEX "deliveries_attachment" ON "deliveries"("attachment_id") WHERE "attachment_id" IS NOT NULL;
