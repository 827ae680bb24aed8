"""The provable books: complaints and returned goods, one Merkle log per merchant."""
