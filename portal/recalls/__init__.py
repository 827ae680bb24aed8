"""Problem goods: from a suspicion through the test to the take-down by every merchant of the area."""
