"""The document "It is not all about the numbers, in numbers", made from scenario files."""
