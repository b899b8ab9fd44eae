"""The world a message meets: who follows whom, and what each account is like."""
