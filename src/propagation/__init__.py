"""How far a message goes on a follower graph, strategy against strategy."""
