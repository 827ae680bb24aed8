"""A tenant for practice: a new clerk works invented cases that nobody else sees and no message leaves."""
