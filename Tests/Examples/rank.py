#!/usr/bin/env python3
"""A ranker of your own: jamboree run Scenarios/smoke.yaml --ranker exec:./rank.py

An item is worth its marks and twice its answers, less an hour's worth for each hour of its age, and ten more
when the viewer cares about its topic. Which of those worth the same comes first, Jamboree settles.
"""

import struct
import sys
from array import array

VERSION = 1

# The columns that it asks for, in the order in which they come.
CREATED, RATING_SUM, REPLY_COUNT, TOPIC, INTERESTS = 1 << 1, 1 << 4, 1 << 6, 1 << 11, 1 << 13

HOUR = 3_600_000_000_000


class Columns:
    """Takes column after column from a request."""

    def __init__(self, body, start):
        self.body, self.place = body, start

    def take(self, code, count):
        column = array(code)
        end = self.place + column.itemsize * count
        column.frombytes(self.body[self.place : end])
        self.place = end
        return column


def score(pages, candidates, columns):
    """The scores of all candidates of a batch, page after page; higher is better."""
    now, interests = columns.take("q", pages), columns.take("Q", pages)
    columns.take("I", pages)  # who looks: not needed here
    counts = columns.take("I", pages)
    created = columns.take("q", candidates)
    ratings, replies = columns.take("i", candidates), columns.take("i", candidates)
    topics = columns.take("H", candidates)
    scores = array("f", bytes(4 * candidates))
    place = 0
    for page in range(pages):
        for item in range(place, place + counts[page]):
            cares = interests[page] >> topics[item] & 1
            hours = max(now[page] - created[item], 0) // HOUR
            scores[item] = ratings[item] + 2 * replies[item] + 10 * cares - hours
        place += counts[page]
    return scores


def main():
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    wanted = CREATED | RATING_SUM | REPLY_COUNT | TOPIC | INTERESTS
    answers.write(struct.pack("<I4sHHI", 12, b"JMBR", VERSION, 0, wanted))
    answers.flush()
    # The end of the input is the end of the run.
    while len(head := requests.read(4)) == 4:
        body = requests.read(struct.unpack("<I", head)[0])
        number, pages, candidates, _salt = struct.unpack_from("<IIIQ", body)
        scores = score(pages, candidates, Columns(body, 20))
        answers.write(struct.pack("<III", 8 + 4 * candidates, number, candidates))
        answers.write(scores.tobytes())
        answers.flush()


main()
