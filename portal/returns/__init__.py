"""Consumers' return requests under a promise: from the merchant's public page to the return ledger."""
