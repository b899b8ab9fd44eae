"""Many runs: replicates in common worlds, their comparison, and what is kept of them."""
