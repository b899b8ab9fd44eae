"""What we do: strategies as an agenda of timed actions, whom they choose and what they cost."""
