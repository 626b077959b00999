"""The tables of the ledger are named in one folder."""

from pathlib import Path

from tools.ledger import LEDGER, find_ledger_breaches


def test_a_statement_outside_the_ledger_is_found_and_one_inside_is_not(tmp_path: Path) -> None:
    for folder in (LEDGER, Path("plugins/concord/stages")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "plans.py").write_text('LIST = "select 1"\nQUERY = "select * from ops.plans"\n')
    assert list(find_ledger_breaches(tmp_path)) == [
        "plugins/concord/stages/plans.py:2: names ops.plans; put the statement into plugins/concord/store/ledger"
    ]
