"""What the kernel is to show, by theme. Each module runs in a process of its own."""
