"""Numbered papers: render with typst, seal with a digest, deliver, verify."""
