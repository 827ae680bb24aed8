"""What the authority checks at a merchant, what it found, and what came of it."""
