"""The demo: a whole night on one machine, with systems in miniature and the truth to hold it against.

The only part of Concord that knows the sandbox.
"""
