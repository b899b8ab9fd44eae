"""What we do: strategies as an agenda of timed posts."""
