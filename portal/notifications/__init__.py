"""Messages: a template and its parameters, composed with the link at the moment of sending."""
