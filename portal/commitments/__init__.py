"""No-reason return promises: what a shop promises, who passed it, and which version holds for a purchase."""
