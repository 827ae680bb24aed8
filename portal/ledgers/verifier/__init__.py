"""Checks exported ledgers with nothing but the standard library (Python 3.9 or newer); the portal uses the same code.

A bundle carries these modules joined into one file, verify.py.
"""
