"""Organisations, people, memberships; sign-in, second factor, sessions; consumer links."""
