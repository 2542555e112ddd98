"""Writes down the queries that omero-py, its plugins and OMERO.web send, when SWIFT_OMERO_QUERIES names a file: one a line.
Queries that a driver of the tests sends itself are left out. `scripts/record-queries` makes the kept list of them."""

import os
import sys

import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.api

# What stands between a program and the proxy in BlitzGateway.
WRAPPERS = {"call", "__call__", "inner", "invoke", "wrapped"}


def is_theirs():
    """Whether what calls the proxy is installed software."""
    frame = sys._getframe(1)
    while frame and frame.f_code.co_name in WRAPPERS:
        frame = frame.f_back
    return frame is not None and "site-packages" in frame.f_code.co_filename


def record(path):
    def wrapped(function):
        def call(proxy, query, *arguments, **named):
            if is_theirs():
                with open(path, "a", encoding="utf-8") as file:
                    file.write(" ".join(query.split()) + "\n")
            return function(proxy, query, *arguments, **named)
        return call

    for name in ("findAllByQuery", "findByQuery", "projection"):
        setattr(omero.api.IQueryPrx, name, wrapped(getattr(omero.api.IQueryPrx, name)))


if os.environ.get("SWIFT_OMERO_QUERIES"):
    record(os.environ["SWIFT_OMERO_QUERIES"])
