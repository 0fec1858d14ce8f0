-- Inverted indexes (decision 0015): which rows have an address, a network (/24, or /48 of IPv6) or a name stands in the index itself, so
-- a question reads those rows alone. The filters that they follow were read and tried whole, and said which granules to look through.
-- Parts of names are looked for among the names that there are.
ALTER TABLE flows DROP INDEX IF EXISTS ends, DROP INDEX IF EXISTS by_words;
ALTER TABLE flows
    ADD INDEX IF NOT EXISTS by_end [IPv6NumToString(src_ip), IPv6NumToString(dst_ip)]
        TYPE text(tokenizer = 'array', posting_list_codec = 'bitpacking'),
    ADD INDEX IF NOT EXISTS by_network [cutIPv6(src_ip, 10, 1), cutIPv6(dst_ip, 10, 1)]
        TYPE text(tokenizer = 'array', posting_list_codec = 'bitpacking'),
    ADD INDEX IF NOT EXISTS by_words lower(arrayStringConcat(server_names, ' '))
        TYPE text(tokenizer = 'array', posting_list_codec = 'bitpacking');
ALTER TABLE flows MATERIALIZE INDEX by_end, MATERIALIZE INDEX by_network, MATERIALIZE INDEX by_words;
