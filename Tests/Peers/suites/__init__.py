"""What real peers are to show, by theme. Each module runs in a process of its own, with an amesh of its own."""
