"""The lines of the access table, a module for each part of the house."""
