"""Code tables: the 24 classes of goods and services by which complaints and promises are counted."""
