"""Figures: each takes axes and a stored run; ``rendering`` alone makes and saves them."""
