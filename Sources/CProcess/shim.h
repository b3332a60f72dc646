// What Swift can't call: functions of the system with a variable number of arguments, and those that only GNU names.
#pragma once

#include <linux/memfd.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// No core dump, and no other process of this user may look into the memory of this one.
static inline int amesh_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

/// A descriptor of a file that is nowhere but in memory; programs that are run do not inherit it.
static inline int amesh_memory_file(const char *name) {
  return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
}

/// A descriptor that can be read when the child has ended; -1 on kernels before 5.3.
static inline int amesh_watch_child(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
