"""Forged variants of signed PDF files, by the families in which such attacks were published.

USF, ISA, SWA: universal signature forgery, incremental saving, signature wrapping (Mladenov et al.,
CCS 2019). EAA, SSA: annotations and fields on certified documents (Rohlmann et al., S&P 2021).
Shadow: hide, replace, hide and replace (Mainka et al., NDSS 2021). All are made here, from files
that the tests have signed themselves; none is a copy of a published file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from attrs import field, frozen

Variants: TypeAlias = Iterable[tuple[str, bytes]]

OVERLAY: Final = b"BT /F1 40 Tf 72 500 Td (PAY 900 000 000) Tj ET"


@frozen(kw_only=True)
class Forgery:
    """One altered file."""

    family: str
    name: str
    data: bytes = field(repr=False)


@frozen(kw_only=True)
class Anatomy:
    """Where the parts of a signed file lie; offsets into ``data``."""

    data: bytes = field(repr=False)

    @property
    def range_at(self) -> re.Match[bytes]:
        """The last /ByteRange."""
        return list(re.finditer(rb"/ByteRange\s*\[([0-9 ]+)\](\s*)", self.data))[-1]

    @property
    def ranges(self) -> list[int]:
        return [int(one) for one in self.range_at[1].split()]

    @property
    def hole(self) -> tuple[int, int]:
        _, start, end, _ = self.ranges
        return start, end

    @property
    def startxref(self) -> int:
        return int(re.findall(rb"startxref\s+([0-9]+)", self.data)[-1])

    @property
    def root(self) -> int:
        return int(re.findall(rb"/Root ([0-9]+) 0 R", self.data)[-1])

    @property
    def size(self) -> int:
        return max(int(one) for one in re.findall(rb"/Size ([0-9]+)", self.data))

    def newest(self, number: int) -> bytes:
        """The text of the last object of this number."""
        found = re.findall(rb"(?<![0-9])%d 0 obj\s(.*?)\sendobj" % number, self.data, re.DOTALL)
        return bytes(found[-1])

    def number_of(self, mark: bytes) -> int:
        """Number of the last object whose text has *mark* before any stream."""
        found = re.findall(rb"([0-9]+) 0 obj\s((?:(?!endobj|stream).)*)", self.data, re.DOTALL)
        return int([number for number, text in found if mark in text][-1])

    def updated(
        self,
        objects: Mapping[int, bytes],
        *,
        root: int | None = None,
        table: bool = True,
        previous: int | None = None,
        start: int | None = None,
    ) -> bytes:
        """The file with an incremental update.

        Args:
            objects: text by number.
            root: of the new trailer.
            table: write cross-references and a trailer.
            previous: what the new trailer says of the table before.
            start: what ``startxref`` says.
        """
        out, offsets = bytearray(self.data), {}
        if not out.endswith(b"\n"):
            out += b"\n"
        for number, text in sorted(objects.items()):
            offsets[number] = len(out)
            out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
        begun = len(out)
        if table:
            out += b"xref\n"
            for number in sorted(objects):
                out += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
            size = max(self.size, *(number + 1 for number in objects))
            out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\n" % (
                size,
                self.root if root is None else root,
                self.startxref if previous is None else previous,
            )
        out += b"startxref\n%d\n%%%%EOF\n" % (begun if start is None else start)
        return bytes(out)


def forgeries(bases: Mapping[str, bytes]) -> Iterator[Forgery]:
    """All variants of the *bases*, signed files by their names."""
    families: dict[str, Callable[[Anatomy], Variants]] = {
        "USF": universal,
        "ISA": incremental,
        "SWA": wrapping,
        "EAA": evil_annotations,
        "SSA": sneaky_fields,
        "shadow hide": shadow_hide,
        "shadow replace": shadow_replace,
        "shadow hide-and-replace": shadow_both,
    }
    for name, data in bases.items():
        anatomy = Anatomy(data=data)
        for family, make in families.items():
            for label, forged in make(anatomy):
                yield Forgery(family=family, name=f"{name}: {label}", data=forged)


def universal(file: Anatomy) -> Variants:
    """The signature's own dictionary is made meaningless, in place and by an update."""
    whole = file.range_at
    start, end = file.hole
    length = len(whole[0])
    for value in _BYTE_RANGES:
        text = b"/ByteRange " + value if value else b""
        if len(text) <= length:
            forged = file.data[: whole.start()] + text.ljust(length) + file.data[whole.end() :]
            yield f"byte range {value!r} in place", forged
    for value in _CONTENTS:
        forged = file.data[:start] + value.ljust(end - start)[: end - start] + file.data[end:]
        yield f"contents {value[:12]!r} in place", forged
    number = file.number_of(b"/ByteRange")
    text = file.newest(number)
    for value in _BYTE_RANGES:
        changed = re.sub(rb"/ByteRange\s*\[[0-9 ]+\]", b"/ByteRange " + value, text)
        yield f"byte range {value!r} by update", file.updated({number: changed})
    for value in _CONTENTS:
        changed = re.sub(rb"<[0-9a-fA-F]{100,}>", value, text)
        yield f"contents {value[:12]!r} by update", file.updated({number: changed})
    for old, new in _KINDS:
        yield f"{old!r} by update", file.updated({number: re.sub(old, new, text)})


_BYTE_RANGES: Final = (
    b"",
    b"null",
    b"[]",
    b"[0]",
    b"[0 0 0 0]",
    b"[0 10 20]",
    b"[0 -1 2 3]",
    b"[1 2 3 4]",
    b"[(a) 1 2 3]",
    b"[0 9 9 999999999]",
    b"[0 1 2 3 4 5]",
)
_CONTENTS: Final = (b"null", b"<>", b"<00>", b"<3000>", b"()", b"<30800000>", b"42", b"<<>>")
_KINDS: Final = (
    (rb"/SubFilter\s*/[A-Za-z0-9.]+", b""),
    (rb"/SubFilter\s*/[A-Za-z0-9.]+", b"/SubFilter /adbe.x509.rsa_sha1"),
    (rb"/SubFilter\s*/[A-Za-z0-9.]+", b"/SubFilter /ETSI.RFC3161"),
    (rb"/Type\s*/(Sig|DocTimeStamp)", b"/Type /Catalog"),
)


def incremental(file: Anatomy) -> Variants:
    """Content is replaced behind the signature, with all sorts of cross-references or none."""
    page = file.number_of(b"/Type /Page\n") if b"/Type /Page\n" in file.data else _page(file)
    new, text = file.size, file.newest(page)
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(OVERLAY), OVERLAY)
    replaced = {
        new: stream,
        page: re.sub(rb"/Contents [0-9]+ 0 R", b"/Contents %d 0 R" % new, text),
    }
    catalog = file.newest(file.root)
    for label, options in _REFERENCES:
        yield f"page, {label}", file.updated(replaced, **options)
        yield f"catalog, {label}", file.updated({file.root: catalog}, **options)
    yield "second catalog", file.updated({new: catalog}, root=new)
    yield "second catalog, hidden", file.updated({new: catalog})
    yield "old table again", file.updated({}, table=False, start=file.startxref)
    yield "comment", file.data + b"% nobody signed this\n"
    yield "one byte", file.data + b"\n"
    yield "another file", file.data + file.data
    yield "body without references", file.data + b"%d 0 obj\n%s\nendobj\n" % (new, stream)
    yield "cut in the middle", file.data[: len(file.data) // 2]
    yield "cut at the end", file.data[:-10]


_REFERENCES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("with table", {}),
    ("without table", {"table": False}),
    ("previous dangling", {"previous": 7}),
    ("start dangling", {"start": 7}),
    ("start behind the end", {"start": 99_999_999}),
)


def _page(file: Anatomy) -> int:
    return file.number_of(b"/MediaBox")


def wrapping(file: Anatomy) -> Variants:
    """Something is put between the signed ranges, or these are moved apart."""
    start, end = file.hole
    before, hole, after = file.data[:start], file.data[start:end], file.data[end:]
    fake = b"999 0 obj\n<< /Type /Catalog /Pages 998 0 R >>\nendobj\n"
    for label, filler in (
        ("objects", fake),
        ("space", b" " * 64),
        ("second range", b" /ByteRange [0 1 2 3] "),
        ("second contents", b" /Contents <30> "),
        ("end of file", b"\n%%EOF\n"),
    ):
        yield f"{label} behind the contents", before + hole + filler + after
        yield f"{label} before the contents", before + filler + hole + after
        inside = hole[: -len(filler) - 1] + filler + b">"
        yield f"{label} at the end of the space", before + inside + after
        moved = _with_range(before, file, [0, start, end + len(filler), len(after)])
        yield f"{label}, range moved", moved + hole + filler + after
    for label, ranges in (
        ("one less", [0, start, end, len(after) - 1]),
        ("one more", [0, start + 1, end, len(after)]),
        ("wider hole", [0, start - 20, end, len(after)]),
        ("overlapping", [0, start, start, len(after) + end - start]),
    ):
        yield f"range {label}", _with_range(before, file, ranges) + hole + after


def _with_range(before: bytes, file: Anatomy, ranges: list[int]) -> bytes:
    match = file.range_at
    text = b"/ByteRange [%s]" % b" ".join(b"%d" % one for one in ranges)
    room = max(match.end() - match.start(), len(text))
    return before[: match.start()] + text.ljust(room) + before[match.end() :]


def evil_annotations(file: Anatomy) -> Variants:
    """Annotations are laid over a page (evil annotation attack)."""
    page, new = _page(file), file.size
    text = file.newest(page)
    for kind, extra in _ANNOTATIONS:
        form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length %d >>" % len(OVERLAY)
        picture = form + b"\nstream\n" + OVERLAY + b"\nendstream"
        note = b"<< /Type /Annot /Subtype /%s /Rect [0 0 595 842] /F 4 %s /AP << /N %d 0 R >> >>"
        objects = {
            new: note % (kind, extra, new + 1),
            new + 1: picture,
            page: _with_annotation(text, new),
        }
        yield f"{kind.decode()} annotation", file.updated(objects)


_ANNOTATIONS: Final = (
    (b"FreeText", b"/Contents (PAY)"),
    (b"Stamp", b"/Name /Approved"),
    (b"Redact", b""),
    (b"Square", b""),
    (b"Highlight", b"/QuadPoints [0 0 9 0 0 9 9 9]"),
    (b"Widget", b""),
    (b"Link", b""),
)


def _with_annotation(page: bytes, number: int) -> bytes:
    if b"/Annots" in page:
        return re.sub(rb"/Annots\s*\[", b"/Annots [%d 0 R " % number, page)
    return page.rstrip().removesuffix(b">>") + b" /Annots [%d 0 R] >>" % number


def sneaky_fields(file: Anatomy) -> Variants:
    """Fields with a picture of their own are added (sneaky signature attack)."""
    page, new = _page(file), file.size
    form = file.newest(file.number_of(b"/Fields"))
    number = file.number_of(b"/Fields")
    for kind, value in _FIELDS:
        stream = b"<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length %d >>" % len(
            OVERLAY
        )
        widget = (
            b"<< /Type /Annot /Subtype /Widget /FT /%s /T (extra) /Rect [0 0 595 842] /F 4 "
            b"/P %d 0 R %s /AP << /N %d 0 R >> >>" % (kind, page, value, new + 1)
        )
        objects = {
            new: widget,
            new + 1: stream + b"\nstream\n" + OVERLAY + b"\nendstream",
            page: _with_annotation(file.newest(page), new),
            number: re.sub(rb"/Fields\s*\[", b"/Fields [%d 0 R " % new, form),
        }
        yield f"{kind.decode()} field {value!r}", file.updated(objects)


_FIELDS: Final = (
    (b"Sig", b""),
    (b"Sig", b"/V << /Type /Sig /Filter /Adobe.PPKLite >>"),
    (b"Tx", b"/V (PAY)"),
    (b"Btn", b"/V /Yes"),
    (b"Ch", b"/V (a)"),
)


def shadow_hide(file: Anatomy) -> Variants:
    """What lay over the true content when it was signed is taken away."""
    page = _page(file)
    text = file.newest(page)
    content = int(re.findall(rb"/Contents ([0-9]+) 0 R", text)[0])
    empty = b"<< /Length 0 >>\nstream\n\nendstream"
    yield "content emptied", file.updated({content: empty})
    yield "content null", file.updated({content: b"null"})
    yield "content left out", file.updated({page: re.sub(rb"/Contents [0-9]+ 0 R", b"", text)})
    box = re.sub(rb"/MediaBox\s*\[[^\]]*\]", b"/MediaBox [0 0 1 1]", text)
    yield "page shrunk", file.updated({page: box})
    crop = text.rstrip().removesuffix(b">>") + b" /CropBox [0 0 9 9] >>"
    yield "page cropped", file.updated({page: crop})


def shadow_replace(file: Anatomy) -> Variants:
    """What the signed content refers to is replaced: fonts, values, places of pictures."""
    font = file.number_of(b"/BaseFont")
    for name in (b"Symbol", b"ZapfDingbats", b"Courier"):
        text = b"<< /Type /Font /Subtype /Type1 /BaseFont /%s >>" % name
        yield f"font {name.decode()}", file.updated({font: text})
    widget = file.number_of(b"/FT /Sig")
    text = file.newest(widget)
    moved = re.sub(rb"/Rect\s*\[[^\]]*\]", b"/Rect [0 0 595 842]", text)
    yield "signature's place", file.updated({widget: moved})
    renamed = re.sub(rb"/T \([^)]*\)", b"/T (lienthong-AGENCY-1)", text)
    yield "signature's role", file.updated({widget: renamed})
    yield (
        "content",
        file.updated(
            {_content(file): b"<< /Length %d >>\nstream\n%s\nendstream" % (len(OVERLAY), OVERLAY)}
        ),
    )


def _content(file: Anatomy) -> int:
    return int(re.findall(rb"/Contents ([0-9]+) 0 R", file.newest(_page(file)))[0])


def shadow_both(file: Anatomy) -> Variants:
    """A whole hidden document takes the place of the signed one."""
    new, catalog = file.size, file.newest(file.root)
    pages = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (new + 1)
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R >>"
    stream = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(OVERLAY), OVERLAY)
    hidden = {new: pages, new + 1: page % (new, new + 2), new + 2: stream}
    other = re.sub(rb"/Pages [0-9]+ 0 R", b"/Pages %d 0 R" % new, catalog)
    yield "pages", file.updated({**hidden, file.root: other})
    yield "catalog", file.updated({**hidden, new + 3: other}, root=new + 3)
    tree = int(re.findall(rb"/Pages ([0-9]+) 0 R", catalog)[-1])
    yield "tree", file.updated({**hidden, tree: pages})
    yield "page", file.updated({**hidden, _page(file): page % (tree, new + 2)})
    yield "hidden objects only", file.updated(hidden)
