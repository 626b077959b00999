"""A landed record, as the text that lands."""

Row = dict[str, str | None]
