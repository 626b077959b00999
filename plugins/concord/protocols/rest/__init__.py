"""Plain REST: what a declaration names of lists, pagers, single records and writes."""

from concord.protocols.paging.counted_pagers import Offset, PageNumber
from concord.protocols.paging.pagers import Cursor, HeaderCursor, LinkHeader, NextAddress, Pager
from concord.protocols.paging.windows import WindowParams
from concord.protocols.rest.lists import RestList
from concord.protocols.rest.preconditions import IfMatchEtag, IfMatchGuard, IfUnmodifiedSince, Precondition
from concord.protocols.rest.records import SingleRecord
from concord.protocols.rest.responses import ResponsePaths
from concord.protocols.rest.writes import Create, RestWrites, Update

__all__ = [
    "Create",
    "Cursor",
    "HeaderCursor",
    "IfMatchEtag",
    "IfMatchGuard",
    "IfUnmodifiedSince",
    "LinkHeader",
    "NextAddress",
    "Offset",
    "PageNumber",
    "Pager",
    "Precondition",
    "ResponsePaths",
    "RestList",
    "RestWrites",
    "SingleRecord",
    "Update",
    "WindowParams",
]
