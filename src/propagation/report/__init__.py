"""What is shown: figures and the report page, rendered from stored results only."""
