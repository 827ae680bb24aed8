"""Consumers' requests under a no-reason return promise, and how the merchant answers them."""
