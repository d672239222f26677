"""The stories of the checker's self-test: what is wrong with each bad one, and good ones."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from node.tests.history_cases import (
    CASE,
    ENTRIES,
    FAIL,
    JOURNAL,
    RA,
    RB,
    RC,
    REPORT,
    STORY,
    UNKNOWN,
    A,
    B,
    C,
    Story,
    begins,
    but,
    digest,
    ended,
    entry,
    head,
    holding,
    other,
    read,
    report,
    reported,
    send,
    sent,
    with_,
    without,
)

ALONE: Final = None
"""Judged by itself."""

TWICE = (*ENTRIES, entry(3, "p", A, B, C))
AGAIN = entry(3, "t", A, B, accepted=(("p", B),))
REFUSED = (send("r"), ended(FAIL, "r"))
SECOND = (send("q"), sent("q", 3))
Q = entry(3, "q", A, B, C)
LONGER = holding(*ENTRIES, Q)
EARLY = STORY[:-1]
"""The story without its end."""

BAD: Final = (
    # I1: nothing acknowledged is lost, nothing is skipped
    Story("the newest entry is lost", EARLY[:6], holding(*ENTRIES[:2]), "I1", "s was ack"),
    Story("the journal is empty", EARLY[:2], holding(), "I1", "p was acknowledged as entry 1"),
    Story("another package took its place", STORY, other(1, id="q"), "I1", "is lost"),
    Story("another report took its place", STORY, other(2, id="t"), "I1", "s was acknowledged"),
    Story("the acceptance had no effect", STORY, other(2, accepted=()), "I1", "has it not"),
    Story(
        "the acceptance was somebody else's",
        STORY,
        other(2, accepted=(("p", C),)),
        "I1",
        "journal has it not",
    ),
    Story("a package was never answered", with_(13, send("q")), JOURNAL, "I1", "never answered"),
    Story("a report was never answered", with_(13, report("t")), ALONE, "I1", "t was never"),
    Story(
        "an unknown outcome was left",
        with_(13, send("q"), ended(UNKNOWN, "q")),
        JOURNAL,
        "I1",
        "q was never answered",
    ),
    Story("a reader stopped early", without(7), JOURNAL, "I1", f"{RB} did not see [2]"),
    Story("a reader saw nothing of it", without(8), JOURNAL, "I1", f"{RA} did not see [1]"),
    Story(
        "a cursor jumps", (*EARLY[:3], evolve(STORY[3], cursor=3)), JOURNAL, "I1", "did not see [2]"
    ),
    Story(
        "a reader went past a package",
        (*EARLY[:2], begins(RB, 0), read(RB, 2, "s")),
        ALONE,
        "I1",
        "read past entry 1",
    ),
    Story(
        "a reader went past a package of the journal",
        (begins(RC, 0), read(RC, 3, "q")),
        LONGER,
        "I1",
        "did not see [1]",
    ),
    Story(
        "a bundle has another package there",
        EARLY,
        holding(evolve(ENTRIES[1], id="q"), whole=False),
        "I1",
        "is lost",
    ),
    # I2: nothing is delivered that was not accepted, and nothing altered
    Story("a phantom", with_(13, read(RC, 3, "x")), JOURNAL, "I2", "that is not there"),
    Story("a phantom at a place", but(4, id="x"), JOURNAL, "I2", "saw x as entry 1"),
    Story("the content changed on its way", but(4, payload=digest("x")), ALONE, "I2", "another co"),
    Story("the content changed at rest", STORY, other(1, payload=digest("x")), "I2", "another con"),
    Story("the report changed at rest", STORY, other(2, payload=digest("x")), "I2", "content of s"),
    Story(
        "acknowledged with another content",
        but(2, payload=digest("x")),
        ALONE,
        "I2",
        "nobody handed over",
    ),
    Story(
        "refused and delivered",
        with_(13, *REFUSED, read(RB, 3, "r")),
        ALONE,
        "I2",
        "r was refused, and",
    ),
    Story("refused and recorded", with_(13, *REFUSED), holding(*ENTRIES, entry(3, "r")), "I2", "r"),
    Story(
        "a report refused and recorded",
        with_(13, report("t", C), ended(FAIL, "t", C, REPORT)),
        holding(*ENTRIES, entry(3, "t")),
        "I2",
        "t was refused and is entry 3",
    ),
    Story("seen by a stranger", with_(13, read(RC, 2, "s")), JOURNAL, "I2", "does not concern"),
    Story("others' reports are seen", (read(RC, 2, "s"),), JOURNAL, "I2", f"not concern {C}"),
    Story(
        "altered in a bundle",
        EARLY,
        holding(evolve(ENTRIES[1], payload=digest("x")), whole=False),
        "I2",
        "another content of p",
    ),
    # I3: nothing twice
    Story("a package stands twice", STORY, holding(*TWICE), "I3", "p is in the journal 2 times"),
    Story("confirmed twice", STORY, holding(*ENTRIES, AGAIN), "I3", "was confirmed 2 times"),
    Story("acknowledged at two places", with_(13, sent("p", 3)), ALONE, "I3", "as 1 and 3"),
    Story("a report at two places", with_(13, reported("s", 3)), ALONE, "I3", "as 2 and 3"),
    Story("read twice", with_(8, read(RB, 2, "s")), ALONE, "I3", f"{RB} saw entry 2 twice"),
    Story("read twice, later", with_(13, read(RC, 1, "p")), JOURNAL, "I3", "saw entry 1 twice"),
    Story("read at two places", with_(13, read(RC, 3, "p")), ALONE, "I3", "as entry 1 and as 3"),
    Story(
        "two readers see it at two places",
        (read(RA, 1, "p"), read(RB, 2, "p")),
        ALONE,
        "I3",
        "p was seen as entry 1 and as 2",
    ),
    Story(
        "acknowledged here, read there",
        but(4, index=2, cursor=3),
        ALONE,
        "I3",
        "p was seen as entry 1 and as 2",
    ),
    # I4: sequences and cursors never go back
    Story("out of order", (read(RB, 2, "s"), read(RB, 1, "p")), ALONE, "I4", "out of order"),
    Story("swapped", (*STORY[:3], STORY[6], STORY[3]), JOURNAL, "I4", "saw entry 1 out of order"),
    Story("the cursor went back", with_(8, begins(RB, 1)), ALONE, "I4", "went back from 3 to 1"),
    Story("a cursor behind its item", but(4, cursor=0), ALONE, "I4", "went back from 2 to 0"),
    Story("before its start", but(3, cursor=2), ALONE, "I4", "saw entry 1 out of order"),
    Story(
        "ordered by something else than time",
        (send("p"), sent("p", 5), send("q"), sent("q", 4)),
        ALONE,
        "I4",
        "q was handed over after entry 5",
    ),
    Story(
        "a report in front of its package",
        (send("p"), sent("p", 2), report("s"), reported("s", 1)),
        ALONE,
        "I4",
        "s was handed over after entry 2",
    ),
    Story(
        "late by two",
        (send("p"), sent("p", 7), send("q"), send("r"), sent("q", 8), sent("r", 6)),
        ALONE,
        "I4",
        "r was handed over after entry 7",
    ),
    # I5: a receipt is final
    Story(
        "another receipt for a package",
        with_(13, sent("p", 1, receipt=digest("x"))),
        ALONE,
        "I5",
        "receipt of p is another one",
    ),
    Story(
        "another receipt for a report",
        with_(13, evolve(STORY[5], receipt=digest("x"))),
        ALONE,
        "I5",
        "receipt of s is another one",
    ),
    Story("the node has another", STORY, other(1, receipt=digest("x")), "I5", "p is another one"),
    Story("of a report too", STORY, other(2, receipt=digest("x")), "I5", "s is another one"),
    Story(
        "one identifier, two contents",
        (
            send("p"),
            sent("p", 1, payload=digest("p")),
            send("p", payload=digest("x")),
            sent("p", 1, payload=digest("x")),
        ),
        ALONE,
        "I5",
        "two different contents",
    ),
    # I6: the journal is only appended to
    Story("a gap", STORY, holding(ENTRIES[1], ENTRIES[2]), "I6", "entry 1 in place of 0"),
    Story("a hole", EARLY[:2], holding(*ENTRIES[:2], Q), "I6", "entry 3 in place of 2"),
    Story("an audit that fails", STORY, evolve(JOURNAL, faults=("bad",)), "I6", "audit: bad"),
    Story("two heads of a size", with_(13, head(3, digest("x"))), ALONE, "I6", "of size 3"),
    Story("a split view", with_(13, head(2, digest("x"), B)), ALONE, "I6", "checkpoints of size 2"),
    Story("a head that shrinks", with_(13, head(2)), ALONE, "I6", "shown size 2 after size 3"),
    Story("rewritten", STORY, other(1, root=digest("x")), "I6", "first 2 entries were rewritten"),
    Story("cut", EARLY, holding(*ENTRIES[:2]), "I6", "has 2 entries, a checkpoint covered 3"),
    Story("two things at an index", with_(13, sent("q", 1)), ALONE, "I6", "entry 1 was p, and now"),
    Story(
        "two contents at an index",
        (read(RA, 1, "p"), read(RB, 1, "p", payload=digest("x"))),
        ALONE,
        "I6",
        "entry 1 has another content",
    ),
)

GOOD: Final = (
    *(Story(f"the first {n} lines", STORY[:n]) for n in range(len(STORY) + 1)),
    *(Story(f"the first {n} lines, alone", STORY[:n], ALONE) for n in range(0, len(STORY) + 1, 2)),
    *(Story(f"the first {n} lines, a case", STORY[:n], CASE) for n in range(1, len(STORY), 2)),
    Story("tried again", with_(3, send("p"), sent("p", 1))),
    Story("tried again much later", with_(13, send("p"), sent("p", 1))),
    Story("unknown at first", with_(2, ended(UNKNOWN, "p"), send("p"))),
    Story("unknown twice", with_(2, ended(UNKNOWN, "p"), send("p"), ended(UNKNOWN, "p"))),
    Story("a report unknown at first", with_(6, ended(UNKNOWN, "s", B, REPORT), report("s"))),
    Story("answered after it was thought lost", with_(2, send("p"))),
    Story("refused", with_(13, *REFUSED)),
    Story("refused twice", with_(13, *REFUSED, *REFUSED)),
    Story("a report refused", with_(13, report("t", C), ended(FAIL, "t", C, REPORT))),
    Story("unknown, and not recorded", (*EARLY, send("q"), ended(UNKNOWN, "q"))),
    Story("unknown, and recorded", (*EARLY, send("q"), ended(UNKNOWN, "q")), LONGER),
    Story("not answered yet", (*EARLY, send("q"))),
    Story("not answered yet, and recorded", (*EARLY, send("q")), LONGER),
    Story("a second package", (*EARLY, *SECOND), LONGER),
    Story("two at the same time", (send("p"), send("q"), sent("q", 3), sent("p", 1)), LONGER),
    Story(
        "two at the same time, swapped", (send("q"), send("p"), sent("p", 1), sent("q", 3)), LONGER
    ),
    Story("an old package again", (*EARLY, send("o", to=(), again=True), sent("o", 0)), ALONE),
    Story("a second reader", with_(13, read(f"copy {B}", 1, "p"), read(f"copy {B}", 2, "s"))),
    Story("a reader from the middle", with_(13, begins(f"late {B}", 2), read(f"late {B}", 2, "s"))),
    Story("a reader that stands at the end", with_(13, begins(f"late {B}", 3))),
    Story("reading on", with_(8, begins(RB, 3))),
    Story("reading without payloads", but(4, payload="")),
    Story("without cursors", but(4, cursor=None)),
    Story("without recipients", but(1, to=())),
    Story("without payloads", but(1, payload="")),
    Story("the same head twice", with_(13, head(3))),
    Story("heads of others lag behind", with_(13, head(2, by=B))),
    Story("the journal went on", EARLY, LONGER),
    Story("no heads", without(11, 12)),
    Story("a reader that left", (*EARLY[:3], EARLY[3]), LONGER),
    Story("a report repeats what was said", (*EARLY, report("t"), reported("t", 3)), None),
)
