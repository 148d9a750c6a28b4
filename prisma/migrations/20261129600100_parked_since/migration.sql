-- A delivery that waits for the user is freed by a message stored after this. Null: it waits for nobody, or has waited
-- since before this column was there.
ALTER TABLE "deliveries" ADD COLUMN "parked_since" TIMESTAMPTZ(3);
