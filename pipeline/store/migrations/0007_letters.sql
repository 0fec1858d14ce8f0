-- Parts of names with a dot or a hyphen are looked up too: servers before 26.9 take a pattern of letters and digits alone to the index, so in
-- it each sign is a capital (names in small letters have none). The index without them goes; whatever of it is still being built goes first,
-- else it could not be dropped, and what was begun with it is begun again.
KILL MUTATION WHERE database = currentDatabase() AND table = 'flows' AND command LIKE '%MATERIALIZE INDEX%' AND NOT is_done SYNC;
ALTER TABLE flows DROP INDEX IF EXISTS by_words;
ALTER TABLE flows ADD INDEX IF NOT EXISTS by_letters
    translate(lower(arrayStringConcat(server_names, ' ')), '.-_ :*/[]@+=,~#&!()$|<>^', 'ABCDEFGHIJKLMNOPQRSTUVWX')
    TYPE text(tokenizer = 'array', posting_list_codec = 'bitpacking');
ALTER TABLE flows MATERIALIZE INDEX by_end, MATERIALIZE INDEX by_network, MATERIALIZE INDEX by_letters;
