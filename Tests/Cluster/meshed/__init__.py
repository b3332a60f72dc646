"""What the suites on a real API server share: replicas of `amesh serve`, what is in front of them, Pods and checks."""
