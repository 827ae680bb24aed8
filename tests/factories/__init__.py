"""Rows for tests, made through the models; each function flushes and returns its row."""
