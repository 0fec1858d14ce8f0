-- One address is looked for at both ends at once: two indexes left more than half of all granules for `src_ip = x OR dst_ip = x`, one over
-- both leaves those that have it. The rollup by minute was read by nothing and took a third of an insert's time; the hourly one stays.
ALTER TABLE flows DROP INDEX IF EXISTS by_src;
ALTER TABLE flows DROP INDEX IF EXISTS by_dst;
ALTER TABLE flows ADD INDEX IF NOT EXISTS ends [src_ip, dst_ip] TYPE bloom_filter(0.01) GRANULARITY 1;
ALTER TABLE flows MATERIALIZE INDEX ends;
ALTER TABLE flows MODIFY SETTING default_compression_codec = 'ZSTD(1)';
ALTER TABLE flows MODIFY COLUMN flow_id UInt64 CODEC(NONE);
DROP VIEW IF EXISTS flows_to_1m SYNC;
DROP TABLE IF EXISTS flows_1m SYNC;
