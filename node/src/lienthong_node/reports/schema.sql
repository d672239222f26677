-- What reports are made from: derived from the journal, and made anew whenever it does not fit it.
-- Nothing here is lost when the file is deleted. Instants are microseconds since 1970-01-01T00:00Z.

PRAGMA application_id = 0x4C545250; -- "LTRP": whose file it is, also when it is damaged

CREATE TABLE meta (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE organisation (
    organ TEXT PRIMARY KEY NOT NULL,
    body  BLOB NOT NULL
) STRICT;

-- Every state of every organisation that an entry of the journal has left, in its order.
CREATE TABLE organisation_state (
    version    INTEGER PRIMARY KEY NOT NULL, -- of the directory
    entry      INTEGER NOT NULL,
    entered_us INTEGER NOT NULL,
    body       BLOB NOT NULL
) STRICT;

CREATE TABLE delivery (
    package_id    BLOB NOT NULL,
    recipient     TEXT NOT NULL,
    register_day  TEXT, -- YYYY-MM-DD; NULL before it has a line in the register
    register_no   INTEGER, -- NULL for what was recalled before it was accepted
    counted_us    INTEGER NOT NULL, -- as of when its counts in tally are
    turn_us       INTEGER, -- after which they are others
    late_us       INTEGER, -- when the axis had it; NULL for what was sent in time, or has no deadline
    body          BLOB NOT NULL,
    PRIMARY KEY (package_id, recipient)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_turn ON delivery (turn_us) WHERE turn_us IS NOT NULL;
CREATE INDEX delivery_late ON delivery (late_us) WHERE late_us IS NOT NULL;
CREATE INDEX delivery_register ON delivery (recipient, register_day, register_no)
    WHERE register_day IS NOT NULL;

CREATE TABLE document (
    package_id BLOB PRIMARY KEY NOT NULL,
    sender     TEXT NOT NULL,
    issued_us  INTEGER NOT NULL,
    reference  TEXT NOT NULL,
    code       TEXT, -- NULL where it has none
    body       BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX document_sender ON document (sender, issued_us);
CREATE INDEX document_reference ON document (reference, issued_us);
CREATE INDEX document_code ON document (code) WHERE code IS NOT NULL;

-- Sums by day. The key is in the order in which a period is added up: no sorting.
CREATE TABLE tally (
    organ   TEXT NOT NULL,
    measure TEXT NOT NULL,
    detail  TEXT NOT NULL,
    day     TEXT NOT NULL,
    n       INTEGER NOT NULL,
    PRIMARY KEY (organ, measure, detail, day)
) STRICT, WITHOUT ROWID;

-- Deliveries that lists name one by one, because something of them still has to be done.
CREATE TABLE item (
    organ      TEXT NOT NULL,
    measure    TEXT NOT NULL,
    day        TEXT NOT NULL,
    package_id BLOB NOT NULL,
    recipient  TEXT NOT NULL,
    PRIMARY KEY (organ, measure, day, package_id, recipient)
) STRICT, WITHOUT ROWID;
