-- A waiting message was edited since the last turn ended, so its lane may know the old words.
ALTER TABLE "sessions" ADD COLUMN "edited" BOOLEAN NOT NULL DEFAULT false;
