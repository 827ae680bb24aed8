"""Words everyone speaks: rows, actors, facts, money, privacy, search, paging, refusals."""
