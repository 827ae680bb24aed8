"""Invented data: the demo's story, volume for benchmarks. Nothing here knows a real person, number or firm."""
