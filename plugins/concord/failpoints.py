"""Points at which a test ends the process, to show that a rerun leads to the same result.

A failpoint does nothing unless the variable `CONCORD_FAILPOINT` names it; then the process ends, as if killed.
"""

import os
import sys

VARIABLE = "CONCORD_FAILPOINT"
FAILPOINTS = (
    "extract.before_commit",
    "extract.after_commit",
    "validate.after_check",
    "validate.before_commit",
    "validate.after_commit",
    "plan.after_changes",
    "plan.after_count",
    "plan.after_commit",
    "approve.after_commit",
    "apply.after_lease",
    "apply.after_settle",
    "apply.after_references",
    "apply.after_sent",
    "apply.after_call",
    "apply.after_outcomes",
    "apply.after_resource",
    "apply.before_close",
    "apply.after_close",
    "settle.after_read",
    "settle.after_changes",
    "verify.after_landing",
    "verify.after_validation",
    "verify.after_compare",
    "verify.after_mark",
    "undo.after_changes",
    "undo.after_commit",
    "replay.after_landing",
    "replay.after_validation",
    "identify.after_clusters",
    "identify.after_identities",
)


def failpoint(name: str) -> None:
    """End the process without any clean-up when `CONCORD_FAILPOINT` is this name, which is one of FAILPOINTS."""
    if os.environ.get(VARIABLE) != name:
        return
    sys.stderr.write(f"died at failpoint {name}\n")
    sys.stderr.flush()
    os._exit(137)
