"""How long personal fields of the ledgers are kept, who agrees to their erasure, and what holds it up."""
