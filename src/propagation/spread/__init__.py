"""What happens: the rules, two engines that follow them, and what one run yields."""
