-- Batches that had not come when a later one of their worker did, as pairs of first and last sequence: they are taken when they come.
ALTER TABLE batches ADD COLUMN IF NOT EXISTS holes Array(UInt64);
