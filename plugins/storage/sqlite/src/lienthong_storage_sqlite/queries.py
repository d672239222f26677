# ruff: noqa: S608 - the pieces put together here are constants; every value is bound
"""Every statement that the store runs after the migrations.

Those that answer the node read through an index; only a full check reads whole tables.
"""

from __future__ import annotations

from typing import Final

_JOURNAL: Final = (
    "idx, leaf_hash, checkpoint_size, recorded_us, subject_id, package_id, parties, proof,"
    " entry, envelope, crc"
)
_DELIVERY: Final = (
    "package_id, recipient, sender, kind, state, resume_state, has_lead, pending_package_id,"
    " sent_us, updated_us, updated_index, subject, number, urgency, deadlines, look_us, paper,"
    " legal_value"
)
_STATEMENT: Final = (
    "statement_id, package_id, recipient, event, payload_sha256, content_sha256, idx"
)
_STAMP: Final = "number, kind, size, algorithm, stamped_us, until_us, text, token, blocks"

HEAD: Final = "SELECT size, recorded_us, directory_version, frontier FROM head"
PACKAGE: Final = (
    "SELECT package_id, kind, sender, payload_sha256, idx, target_package_id, reply_requested"
    " FROM package WHERE package_id = ?"
)
FOLLOWERS: Final = (
    "SELECT package_id FROM package WHERE target_package_id = ? AND target_package_id <> x''"
    " ORDER BY idx"
)
PACKAGE_FILES: Final = (
    "SELECT sha256, size, name, role FROM package_file WHERE package_id = ? ORDER BY position"
)
DELIVERIES: Final = f"SELECT {_DELIVERY}, crc FROM delivery WHERE package_id = ? ORDER BY recipient"
DELIVERY: Final = f"SELECT {_DELIVERY}, crc FROM delivery WHERE package_id = ? AND recipient = ?"
WATCHED: Final = (
    f"SELECT {_DELIVERY} FROM delivery WHERE look_us > 0 AND look_us < ?"
    " ORDER BY look_us, package_id, recipient LIMIT ?"
)
WATCHED_AFTER: Final = (
    f"SELECT {_DELIVERY} FROM delivery WHERE look_us > 0 AND look_us < ?"
    " AND (look_us, package_id, recipient) > (?, ?, ?)"
    " ORDER BY look_us, package_id, recipient LIMIT ?"
)
STATEMENT: Final = f"SELECT {_STATEMENT} FROM statement WHERE statement_id = ?"
STATEMENTS: Final = (
    f"SELECT {_STATEMENT} FROM statement WHERE package_id = ? AND recipient = ? ORDER BY idx"
)
CONTENT: Final = "SELECT data FROM content WHERE sha256 = ?"
POSSESSION: Final = "SELECT size FROM possession WHERE organ = ? AND sha256 = ?"
UNUSED_BYTES: Final = (
    "SELECT coalesce(sum(size), 0) FROM possession WHERE organ = ? AND unused_since_us IS NOT NULL"
)
UNUSED_FILES: Final = (
    "SELECT organ, sha256, unused_since_us FROM possession"
    " WHERE unused_since_us IS NOT NULL AND unused_since_us < ?"
    " ORDER BY unused_since_us, organ, sha256 LIMIT ?"
)
POSSESSED: Final = "SELECT 1 FROM possession WHERE sha256 = ? LIMIT 1"
JOURNAL: Final = f"SELECT {_JOURNAL} FROM journal WHERE idx >= ? ORDER BY idx LIMIT ?"
JOURNAL_OF: Final = (
    f"SELECT {_JOURNAL} FROM journal WHERE package_id = ? AND package_id <> x'' ORDER BY idx"
)
FEED: Final = (
    f"SELECT {_JOURNAL} FROM feed JOIN journal USING (idx)"
    " WHERE organ = ? AND feed.idx >= ? ORDER BY feed.idx LIMIT ?"
)
CHECKPOINT: Final = "SELECT size, note, crc FROM checkpoint WHERE size = ?"
NEWEST_CHECKPOINT: Final = "SELECT size, note, crc FROM checkpoint ORDER BY size DESC LIMIT 1"
STAMPS: Final = f"SELECT {_STAMP} FROM stamp WHERE number > ? ORDER BY number LIMIT ?"
STAMPS_OF: Final = (
    f"SELECT {_STAMP} FROM stamp WHERE number > ? AND kind = ? ORDER BY number LIMIT ?"
)
LAST_STAMP: Final = f"SELECT {_STAMP} FROM stamp WHERE kind = ? ORDER BY number DESC LIMIT 1"
STAMP_COVERING: Final = (
    f"SELECT {_STAMP} FROM stamp WHERE kind = 'checkpoint' AND size >= ?"
    " ORDER BY size, number LIMIT 1"
)
STAMPS_END: Final = "SELECT min(until_us) FROM stamp WHERE number > ?"
TILE: Final = "SELECT level, idx, hashes, root FROM tile WHERE level = ? AND idx = ?"
TILE_ROOTS: Final = "SELECT root FROM tile WHERE level = ? AND idx >= ? ORDER BY idx LIMIT ?"
LEAF_HASHES: Final = "SELECT leaf_hash FROM journal WHERE idx >= ? ORDER BY idx LIMIT ?"
ORGANISATIONS: Final = (
    "SELECT organ, version, body FROM organisation WHERE version > ?"
    " ORDER BY version, organ LIMIT ?"
)
CREDENTIALS: Final = (
    "SELECT fingerprint, organ, version, body FROM credential WHERE version > ?"
    " ORDER BY version, fingerprint"
)
LAWS: Final = (
    "SELECT subject, organ, name, version, body FROM law WHERE version > ?"
    " ORDER BY version, subject, organ, name"
)

EVERY_FEED: Final = "SELECT organ, idx FROM feed"
EVERY_DELIVERY: Final = f"SELECT {_DELIVERY}, crc FROM delivery"
EVERY_CHECKPOINT: Final = "SELECT size, note, crc FROM checkpoint"

ADD_JOURNAL: Final = f"INSERT INTO journal ({_JOURNAL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_FEED: Final = "INSERT INTO feed (organ, idx) VALUES (?, ?)"
ADD_CHECKPOINT: Final = "INSERT INTO checkpoint (size, note, crc) VALUES (?, ?, ?)"
ADD_STAMP: Final = f"INSERT INTO stamp ({_STAMP}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_TILE: Final = "INSERT INTO tile (level, idx, root, hashes) VALUES (?, ?, ?, ?)"
SET_HEAD: Final = "UPDATE head SET size = ?, recorded_us = ?, directory_version = ?, frontier = ?"
ADD_PACKAGE: Final = "INSERT INTO package VALUES (?, ?, ?, ?, ?, ?, ?)"
ADD_PACKAGE_FILE: Final = "INSERT INTO package_file VALUES (?, ?, ?, ?, ?, ?)"
PUT_DELIVERY: Final = (
    f"INSERT OR REPLACE INTO delivery ({_DELIVERY}, crc)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
ADD_STATEMENT: Final = f"INSERT INTO statement ({_STATEMENT}) VALUES (?, ?, ?, ?, ?, ?, ?)"
ADD_POSSESSION: Final = (
    "INSERT INTO possession (organ, sha256, size, unused_since_us) VALUES (?, ?, ?, ?)"
    # NULL, which is for ever, wins over any instant.
    " ON CONFLICT DO UPDATE SET unused_since_us = max(unused_since_us, excluded.unused_since_us)"
    " WHERE unused_since_us IS NOT NULL"
)
DROP_POSSESSION: Final = (
    "DELETE FROM possession WHERE organ = ? AND sha256 = ? AND unused_since_us < ?"
)
ADD_CONTENT: Final = "INSERT INTO content VALUES (?, ?) ON CONFLICT DO NOTHING"
PUT_ORGANISATION: Final = (
    "INSERT INTO organisation VALUES (?, ?, ?) ON CONFLICT (organ)"
    " DO UPDATE SET version = excluded.version, body = excluded.body"
)
PUT_CREDENTIAL: Final = (
    "INSERT INTO credential VALUES (?, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE"
    " SET organ = excluded.organ, version = excluded.version, body = excluded.body"
)
PUT_LAW: Final = "INSERT OR REPLACE INTO law VALUES (?, ?, ?, ?, ?)"


def delivery_page(*, incoming: bool, continued: bool) -> str:
    """The newest deliveries of one organisation in one state: one ordered run of an index.

    Binds organisation, state, the three parts of the key to go on before (only when *continued*),
    and the limit.
    """
    side = "recipient" if incoming else "sender"
    after = "AND (updated_index, package_id, recipient) < (?, ?, ?)" if continued else ""
    return (
        f"SELECT {_DELIVERY} FROM delivery WHERE {side} = ? AND state = ? {after}"
        " ORDER BY updated_index DESC, package_id DESC, recipient DESC LIMIT ?"
    )


def delivery_states(*, incoming: bool) -> str:
    """The states in which an organisation has deliveries, found by skipping through the index."""
    side = "recipient" if incoming else "sender"
    return (
        "WITH RECURSIVE found(state) AS ("
        f" SELECT min(state) FROM delivery WHERE {side} = ?1"
        " UNION ALL"
        f" SELECT (SELECT min(state) FROM delivery WHERE {side} = ?1 AND state > found.state)"
        " FROM found WHERE state IS NOT NULL)"
        " SELECT state FROM found WHERE state IS NOT NULL"
    )
