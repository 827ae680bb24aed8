"""Words and rules of the ledgers: values in, values out."""
