"""Offers, agreements, performance."""
