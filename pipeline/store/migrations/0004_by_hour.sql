-- Sums by hour lie in the parts of `flows` themselves: they are right whenever the flows are (retried inserts, terms, backups, restored
-- tables), cost an insert less than the view they follow, and are read without being named wherever a question can be answered by them.
-- Its sums are word for word those of pipeline/search/run.py, which a test compares. The rollup of findings was read by nothing.
ALTER TABLE flows ADD PROJECTION IF NOT EXISTS by_hour
(
    SELECT line, holder, destination, protocol, toStartOfHour(first), count(),
        sum(octets_out), sum(octets_in), sum(payload_out), sum(inspected_out), sum(encrypted_out),
        sum(greatest(if(payload_out = 0 AND octets_out > 80 * packets_out, octets_out, payload_out), inspected_out + encrypted_out)),
        countIf(inspected_out < if(payload_out = 0 AND octets_out > 80 * packets_out, octets_out, payload_out)),
        sum(findings), min(first), max(last)
    GROUP BY line, holder, destination, protocol, toStartOfHour(first)
);
ALTER TABLE flows MATERIALIZE PROJECTION by_hour;
DROP VIEW IF EXISTS flows_to_1h SYNC;
DROP TABLE IF EXISTS flows_1h SYNC;
DROP VIEW IF EXISTS findings_to_1m SYNC;
DROP TABLE IF EXISTS findings_1m SYNC;
