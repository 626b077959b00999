"""Lets `sandbox` be imported: import this first.

A checkout has it on the path. An installed Concord has it among the product's files, so that no other program sees
a package of that name.
"""

import sys

from concord.installed import IS_INSTALLED, PRODUCT

if IS_INSTALLED and str(PRODUCT) not in sys.path:
    sys.path.append(str(PRODUCT))
