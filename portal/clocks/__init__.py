"""Working and natural days, and limits as dated data with their articles."""
