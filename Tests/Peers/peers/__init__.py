"""What the suites share: starting amesh and its peers, and speaking with them."""
