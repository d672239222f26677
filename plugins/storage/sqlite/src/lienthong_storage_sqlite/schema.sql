-- Record store of a lienthong node on SQLite.
--
-- Instants are microseconds since 1970-01-01T00:00Z. Hashes are 32 raw bytes. Every section below
-- is applied once, in order, each in a transaction of its own; PRAGMA user_version holds the number
-- of the last one. A section that was released is never changed: add a new one.

-- migration 1

PRAGMA application_id = 0x4C544844; -- "LTHD"

CREATE TABLE head (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    size              INTEGER NOT NULL CHECK (size >= 0),
    recorded_us       INTEGER NOT NULL,
    directory_version INTEGER NOT NULL,
    frontier          BLOB NOT NULL -- hashes, one after the other
) STRICT;

INSERT INTO head VALUES (1, 0, 0, 0, x'');

-- The truth: one row an entry, gap-free. The bytes live here; other tables only refer to them.
CREATE TABLE journal (
    idx             INTEGER PRIMARY KEY CHECK (idx >= 0),
    leaf_hash       BLOB NOT NULL CHECK (length(leaf_hash) = 32),
    checkpoint_size INTEGER NOT NULL,
    recorded_us     INTEGER NOT NULL,
    subject_id      BLOB NOT NULL,
    package_id      BLOB NOT NULL,
    parties         TEXT NOT NULL, -- JSON array
    proof           BLOB NOT NULL, -- hashes, one after the other
    entry           BLOB NOT NULL,
    envelope        BLOB NOT NULL,
    crc             INTEGER NOT NULL -- CRC-32 of the columns before it
) STRICT;

CREATE INDEX journal_package ON journal (package_id) WHERE package_id <> x'';

CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;

CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;

-- Which entries an organisation sees.
CREATE TABLE feed (
    organ TEXT NOT NULL,
    idx   INTEGER NOT NULL REFERENCES journal (idx),
    PRIMARY KEY (organ, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY CHECK (size >= 0),
    note TEXT NOT NULL
) STRICT;

-- Full Merkle tiles of 256 hashes.
CREATE TABLE tile (
    level  INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    root   BLOB NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, idx)
) STRICT;

CREATE TABLE package (
    package_id        BLOB PRIMARY KEY NOT NULL,
    kind              TEXT NOT NULL,
    sender            TEXT NOT NULL,
    payload_sha256    BLOB NOT NULL,
    idx               INTEGER NOT NULL,
    target_package_id BLOB NOT NULL,
    reply_requested   INTEGER NOT NULL CHECK (reply_requested IN (0, 1))
) STRICT;

CREATE INDEX package_target ON package (target_package_id, idx) WHERE target_package_id <> x'';

CREATE TABLE package_file (
    package_id BLOB NOT NULL REFERENCES package (package_id),
    position   INTEGER NOT NULL,
    sha256     BLOB NOT NULL,
    size       INTEGER NOT NULL,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    PRIMARY KEY (package_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
    package_id         BLOB NOT NULL,
    recipient          TEXT NOT NULL,
    sender             TEXT NOT NULL,
    kind               TEXT NOT NULL,
    state              TEXT NOT NULL,
    resume_state       TEXT NOT NULL,
    has_lead           INTEGER NOT NULL CHECK (has_lead IN (0, 1)),
    pending_package_id BLOB NOT NULL,
    sent_us            INTEGER NOT NULL,
    updated_us         INTEGER NOT NULL,
    updated_index      INTEGER NOT NULL,
    subject            TEXT NOT NULL,
    number             TEXT NOT NULL,
    urgency            TEXT NOT NULL,
    PRIMARY KEY (package_id, recipient)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_incoming ON delivery (recipient, state, updated_index, package_id);
CREATE INDEX delivery_outgoing ON delivery (sender, state, updated_index, package_id, recipient);

CREATE TABLE statement (
    statement_id   BLOB PRIMARY KEY NOT NULL,
    package_id     BLOB NOT NULL,
    recipient      TEXT NOT NULL,
    event          TEXT NOT NULL,
    payload_sha256 BLOB NOT NULL,
    content_sha256 BLOB NOT NULL,
    idx            INTEGER NOT NULL
) STRICT;

CREATE INDEX statement_delivery ON statement (package_id, recipient, idx);

-- Who has uploaded which file: only they may name it in a package.
CREATE TABLE possession (
    organ  TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    size   INTEGER NOT NULL,
    PRIMARY KEY (organ, sha256)
) STRICT, WITHOUT ROWID;

-- Small files that came with their package; larger ones lie in the blob store.
CREATE TABLE content (
    sha256 BLOB PRIMARY KEY NOT NULL,
    data   BLOB NOT NULL
) STRICT;

CREATE TABLE organisation (
    organ   TEXT PRIMARY KEY NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB NOT NULL
) STRICT;

CREATE INDEX organisation_version ON organisation (version, organ);

CREATE TABLE credential (
    fingerprint BLOB PRIMARY KEY NOT NULL,
    organ       TEXT NOT NULL,
    version     INTEGER NOT NULL,
    body        BLOB NOT NULL
) STRICT;

CREATE INDEX credential_version ON credential (version, fingerprint);

-- migration 2

-- Since when (microseconds) an uploaded file waits for a package to name it; NULL once one has.
ALTER TABLE possession ADD COLUMN unused_since_us INTEGER;

CREATE INDEX possession_waiting ON possession (unused_since_us, organ, sha256)
    WHERE unused_since_us IS NOT NULL;

CREATE INDEX possession_share ON possession (organ, size) WHERE unused_since_us IS NOT NULL;

CREATE INDEX possession_file ON possession (sha256);

-- migration 3

-- What still has to be done with a delivery, and what the decision tables said of it.
ALTER TABLE delivery ADD COLUMN deadlines TEXT NOT NULL DEFAULT ''; -- JSON array, or empty
ALTER TABLE delivery ADD COLUMN look_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN paper TEXT NOT NULL DEFAULT ''; -- JSON array, or empty
ALTER TABLE delivery ADD COLUMN legal_value TEXT NOT NULL DEFAULT ''; -- likewise

CREATE INDEX delivery_watched ON delivery (look_us, package_id, recipient) WHERE look_us > 0;

CREATE TABLE law (
    subject TEXT NOT NULL,
    organ   TEXT NOT NULL,
    name    TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB NOT NULL,
    PRIMARY KEY (subject, organ, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX law_version ON law (version, subject, organ, name);

-- migration 4

-- Time-stamp tokens over checkpoints, and over what came before (renewals).
CREATE TABLE stamp (
    number     INTEGER PRIMARY KEY CHECK (number > 0),
    kind       TEXT NOT NULL,
    size       INTEGER NOT NULL CHECK (size >= 0),
    algorithm  TEXT NOT NULL,
    stamped_us INTEGER NOT NULL,
    until_us   INTEGER NOT NULL,
    text       TEXT NOT NULL,
    token      BLOB NOT NULL,
    blocks     BLOB NOT NULL -- hashes, one after the other
) STRICT;

CREATE INDEX stamp_kind ON stamp (kind, number);
CREATE INDEX stamp_size ON stamp (kind, size, number);
CREATE INDEX stamp_until ON stamp (number, until_us);

CREATE TRIGGER stamp_no_update BEFORE UPDATE ON stamp
BEGIN SELECT raise(ABORT, 'time-stamps are append-only'); END;

CREATE TRIGGER stamp_no_delete BEFORE DELETE ON stamp
BEGIN SELECT raise(ABORT, 'time-stamps are append-only'); END;

-- migration 5

-- CRC-32 of the other columns (checksums.crc_of). Rows that are there get that of what they say now;
-- texts are given as octets, as one that is damaged could not be given at all.
ALTER TABLE delivery ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;
ALTER TABLE checkpoint ADD COLUMN crc INTEGER NOT NULL DEFAULT 0;

UPDATE checkpoint SET crc = crc_of_stored('it', size, CAST(note AS BLOB));
UPDATE delivery SET crc = crc_of_stored(
    'btttttibiiittttitt',
    package_id, CAST(recipient AS BLOB), CAST(sender AS BLOB), CAST(kind AS BLOB),
    CAST(state AS BLOB), CAST(resume_state AS BLOB),
    has_lead, pending_package_id, sent_us, updated_us, updated_index,
    CAST(subject AS BLOB), CAST(number AS BLOB), CAST(urgency AS BLOB), CAST(deadlines AS BLOB),
    look_us, CAST(paper AS BLOB), CAST(legal_value AS BLOB)
);
