"""Filings arrive here: complaint files are read, judged row by row and routed."""
