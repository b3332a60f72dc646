// What Swift can't call: functions of the system with a variable number of arguments.
#pragma once

#include <sys/prctl.h>

/// No core dump, and no other process of this user may look into the memory of this one.
static inline int amesh_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
