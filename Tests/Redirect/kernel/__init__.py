"""Network namespaces, the processes in them, and what the kernel says of its rules."""
