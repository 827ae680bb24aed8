"""Figures with numerator, denominator and period."""
