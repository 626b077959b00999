"""The ledger: batches with their dispositions, dead letters, plans, changes and their journal.

All SQL that reads or writes these tables stands in this folder; `./concord check ledger` fails otherwise. Every
function works in the transaction of the connection that it is given.
"""
