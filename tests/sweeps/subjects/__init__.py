"""What the URLs of the younger capabilities name, a module each."""
