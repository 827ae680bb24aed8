"""What a merchant is: admission, outlets, aliases, staff, suspension, exit."""
