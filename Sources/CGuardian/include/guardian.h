// The guardian of a mount: a child process that frees whoever waits for the mount once its daemon was killed.
//
// C, because only async-signal-safe calls are allowed between fork(2) and _exit(2) in a process with threads, and Swift
// promises none.
#pragma once
#include <sys/types.h>

// What the guardian needs. All of it belongs to the caller, who keeps its own copy of the descriptors.
struct guardian_orders {
  // Absolute, as mountinfo has it.
  const char *mountpoint;
  // Of the mount's device, and so the number of its FUSE connection.
  unsigned int device_minor;
  // fusermount3, for those who are not root; else NULL.
  const char *unmount_helper;
  // The read end of a pipe: a byte ends the guardian, for the mount ended well.
  int lifeline;
  // The files `abort` and `waiting` of the connection, from guardian_open_control; -1 where they cannot be had.
  int abort_file, waiting_file;
};

// Starts the guardian. The thread that calls must live as long as the daemon does: its end is how the guardian learns of
// the daemon's. Returns the child's id, or -1 with errno set.
pid_t guardian_start(const struct guardian_orders *orders);

// Opens a file of a FUSE connection in fusectl, such as `abort`; as root also where that file system is not mounted.
// A descriptor stays with its connection, also when another one gets the same number. Returns -1 with errno set.
int guardian_open_control(unsigned int device_minor, const char *name, int flags);
