-- Tables of the records (their columns are those of pipeline/schema; a test compares them), rollups and the subject ledger.
-- Retention: network logs at least six months (CSL 2025 Art. 23; NDSR Art. 12 for provision records, three years, kept with findings).
-- It counts from ingestion: an old capture replayed today is today's record of it.

CREATE TABLE flows
(
    sensor LowCardinality(String), worker UInt16, epoch UInt64, sequence UInt64,
    flow_id UInt64, first DateTime64(9, 'UTC') CODEC(Delta, ZSTD), last DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    line LowCardinality(String), holder LowCardinality(String), domestic_end LowCardinality(String),
    destination LowCardinality(String), place_source LowCardinality(String),
    src_ip IPv6 CODEC(ZSTD), dst_ip IPv6 CODEC(ZSTD), src_port UInt16, dst_port UInt16, ip_protocol UInt8, vlan UInt16, mpls UInt32,
    octets_out UInt64 CODEC(T64, ZSTD), octets_in UInt64 CODEC(T64, ZSTD), packets_out UInt64 CODEC(T64, ZSTD), packets_in UInt64 CODEC(T64, ZSTD),
    tcp_flags_out UInt8, tcp_flags_in UInt8, retransmitted_out UInt32, retransmitted_in UInt32, handshake_us UInt32,
    first_sizes Array(Int16), end_reason LowCardinality(String), protocol LowCardinality(String),
    server_name String CODEC(ZSTD), server_names Array(String) CODEC(ZSTD), alpn LowCardinality(String), tls_version LowCardinality(String),
    ja4 LowCardinality(String), http_method LowCardinality(String), http_path String CODEC(ZSTD), http_status UInt16,
    user_agent String CODEC(ZSTD), content_type LowCardinality(String), requests UInt32,
    payload_out UInt64 CODEC(T64, ZSTD), inspected_out UInt64 CODEC(T64, ZSTD), encrypted_out UInt64 CODEC(T64, ZSTD), findings UInt32,
    ingested DateTime64(3, 'UTC') DEFAULT now64(3),
    INDEX by_src src_ip TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_dst dst_ip TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_name server_names TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_words lower(server_name) TYPE ngrambf_v1(4, 4096, 2, 0) GRANULARITY 2,
    INDEX by_flow flow_id TYPE bloom_filter(0.01) GRANULARITY 2
)
ENGINE = MergeTree PARTITION BY toYYYYMM(first) ORDER BY (line, first, flow_id)
TTL toDateTime(ingested) + INTERVAL 12 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE findings
(
    sensor LowCardinality(String), worker UInt16, epoch UInt64, sequence UInt64,
    finding_id UInt64, flow_id UInt64, first DateTime64(9, 'UTC') CODEC(Delta, ZSTD), last DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    line LowCardinality(String), holder LowCardinality(String), destination LowCardinality(String),
    src_ip IPv6, dst_ip IPv6, dst_port UInt16, server_name String CODEC(ZSTD),
    signature LowCardinality(String), level LowCardinality(String), class LowCardinality(String), tag_45574 LowCardinality(String),
    tier UInt8, evidence LowCardinality(String), count UInt64, subjects UInt32,
    excerpts Array(String) CODEC(ZSTD), offsets Array(UInt64), decoder_path Array(String), partial Bool, catalogue LowCardinality(String),
    ingested DateTime64(3, 'UTC') DEFAULT now64(3),
    INDEX by_src src_ip TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_dst dst_ip TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_flow flow_id TYPE bloom_filter(0.01) GRANULARITY 2,
    INDEX by_name lower(server_name) TYPE ngrambf_v1(4, 4096, 2, 0) GRANULARITY 2,
    INDEX by_arrival ingested TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree PARTITION BY toYYYYMM(first) ORDER BY (line, first, finding_id)
TTL toDateTime(ingested) + INTERVAL 36 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE coverage
(
    sensor LowCardinality(String), worker UInt16, epoch UInt64, sequence UInt64,
    minute DateTime('UTC') CODEC(Delta, ZSTD), line LowCardinality(String), holder LowCardinality(String), destination LowCardinality(String),
    direction LowCardinality(String), reason LowCardinality(String), octets Int64 CODEC(T64, ZSTD), packets Int64 CODEC(T64, ZSTD),
    ingested DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree PARTITION BY toYYYYMM(minute) ORDER BY (line, minute, direction, reason)
TTL toDateTime(ingested) + INTERVAL 36 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE sensor_reports
(
    sensor LowCardinality(String), worker UInt16, epoch UInt64, sequence UInt64,
    at DateTime64(9, 'UTC'), source LowCardinality(String), version LowCardinality(String), catalogue LowCardinality(String),
    packets UInt64, octets UInt64, kernel_drops UInt64, flows_active UInt64, flows_evicted UInt64, outbox_octets UInt64,
    counters Map(String, UInt64),
    ingested DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = MergeTree ORDER BY (sensor, worker, at)
TTL toDateTime(ingested) + INTERVAL 12 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

-- Tokens pass through and are not kept.
CREATE TABLE subjects
(
    sensor LowCardinality(String), worker UInt16, epoch UInt64, sequence UInt64,
    at DateTime64(9, 'UTC'), line LowCardinality(String), holder LowCardinality(String), destination LowCardinality(String),
    level LowCardinality(String), signature LowCardinality(String), tier UInt8, principal Bool, key_epoch UInt16, token UInt64
)
ENGINE = Null;

-- Years are Beijing's, by the key that made the token: counters restart each 1 January (Order 16 Art. 7).
CREATE TABLE subject_ledger
(
    year UInt16, holder LowCardinality(String), line LowCardinality(String), destination LowCardinality(String),
    level LowCardinality(String), signature LowCardinality(String), tier UInt8, principal Bool,
    persons AggregateFunction(uniqCombined64(17), UInt64),
    first SimpleAggregateFunction(min, DateTime64(9, 'UTC')), last SimpleAggregateFunction(max, DateTime64(9, 'UTC'))
)
ENGINE = AggregatingMergeTree ORDER BY (year, holder, line, destination, level, signature, tier, principal);

CREATE MATERIALIZED VIEW subjects_to_ledger TO subject_ledger AS
SELECT key_epoch AS year, holder, line, destination, level, signature, tier, principal,
    uniqCombined64State(17)(token) AS persons, min(at) AS first, max(at) AS last
FROM subjects GROUP BY year, holder, line, destination, level, signature, tier, principal;

CREATE TABLE flows_1m
(
    minute DateTime('UTC'), line LowCardinality(String), holder LowCardinality(String), destination LowCardinality(String),
    protocol LowCardinality(String), flows UInt64, octets_out UInt64, octets_in UInt64, packets_out UInt64, packets_in UInt64,
    payload_out UInt64, inspected_out UInt64, encrypted_out UInt64, findings UInt64
)
ENGINE = SummingMergeTree PARTITION BY toYYYYMM(minute) ORDER BY (line, holder, destination, protocol, minute)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW flows_to_1m TO flows_1m AS
SELECT toStartOfMinute(toDateTime(f.first, 'UTC')) AS minute, line, holder, destination, protocol, count() AS flows,
    sum(f.octets_out) AS octets_out, sum(f.octets_in) AS octets_in, sum(f.packets_out) AS packets_out, sum(f.packets_in) AS packets_in,
    sum(f.payload_out) AS payload_out, sum(f.inspected_out) AS inspected_out, sum(f.encrypted_out) AS encrypted_out, sum(f.findings) AS findings
FROM flows AS f GROUP BY minute, line, holder, destination, protocol;

CREATE TABLE flows_1h
(
    hour DateTime('UTC'), line LowCardinality(String), holder LowCardinality(String), destination LowCardinality(String),
    protocol LowCardinality(String), flows UInt64, octets_out UInt64, octets_in UInt64, packets_out UInt64, packets_in UInt64,
    payload_out UInt64, inspected_out UInt64, encrypted_out UInt64, findings UInt64
)
ENGINE = SummingMergeTree PARTITION BY toYYYYMM(hour) ORDER BY (line, holder, destination, protocol, hour)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW flows_to_1h TO flows_1h AS
SELECT toStartOfHour(toDateTime(f.first, 'UTC')) AS hour, line, holder, destination, protocol, count() AS flows,
    sum(f.octets_out) AS octets_out, sum(f.octets_in) AS octets_in, sum(f.packets_out) AS packets_out, sum(f.packets_in) AS packets_in,
    sum(f.payload_out) AS payload_out, sum(f.inspected_out) AS inspected_out, sum(f.encrypted_out) AS encrypted_out, sum(f.findings) AS findings
FROM flows AS f GROUP BY hour, line, holder, destination, protocol;

CREATE TABLE findings_1m
(
    minute DateTime('UTC'), line LowCardinality(String), holder LowCardinality(String), destination LowCardinality(String),
    signature LowCardinality(String), level LowCardinality(String), tier UInt8, evidence LowCardinality(String), findings UInt64, hits UInt64
)
ENGINE = SummingMergeTree PARTITION BY toYYYYMM(minute) ORDER BY (line, holder, destination, signature, level, tier, evidence, minute)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW findings_to_1m TO findings_1m AS
SELECT toStartOfMinute(toDateTime(f.first, 'UTC')) AS minute, line, holder, destination, signature, level, tier, evidence,
    count() AS findings, sum(f.count) AS hits
FROM findings AS f GROUP BY minute, line, holder, destination, signature, level, tier, evidence;

-- How far each worker's batches have come: ingest resumes from here.
CREATE TABLE batches
(
    record LowCardinality(String), sensor String, worker UInt16, epoch UInt64, sequence UInt64, ingested DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(sequence) ORDER BY (record, sensor, worker, epoch);
