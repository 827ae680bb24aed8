"""The dispute and its negotiation states."""
