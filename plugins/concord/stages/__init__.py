"""The steps of a night, a folder each, in plain Python without a scheduler.

`sessions.py` is no step: with it the caller opens the session that extract, replay, apply and verify are given. It
stands here because it joins `protocols` and `store`, which do not import each other.
"""
