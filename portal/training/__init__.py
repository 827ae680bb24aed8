"""Trainings that an authority holds for its merchants, and who attended."""
