"""What is asked: the scenario file, read, checked and resolved."""
