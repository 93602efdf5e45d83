#pragma once
// The one place that includes libfuse. Requests, their buffers and their strings belong to libfuse; what a shim keeps
// for itself is said where it does.
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fuse_lowlevel.h>
#include <fuse_log.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

// glibc shows this only under _GNU_SOURCE, with which the types of this module would differ from those of Glibc's.
int pthread_setname_np(pthread_t thread, const char *name);

// A function-like macro from libfuse 3.17 on, which Swift cannot see.
static inline struct fuse_session *cfuse_session_new(struct fuse_args *args, const struct fuse_lowlevel_ops *operations,
                                                     void *user_data) {
  return fuse_session_new(args, operations, sizeof *operations, user_data);
}

// The name is asked for again when it is next used; open files and the tree beneath stay as they are.
static inline int cfuse_notify_expire_entry(struct fuse_session *session, fuse_ino_t parent, const char *name,
                                            size_t length) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 16)
  return fuse_lowlevel_notify_expire_entry(session, parent, name, length);
#else
  return fuse_lowlevel_notify_expire_entry(session, parent, name, length, FUSE_LL_EXPIRE_ONLY);
#endif
}

// Asks the file system at `path` for its statistics in a child process, which exits with the errno (0: it answered).
// Returns the child's id, or -1 with errno set. C, because only async-signal-safe calls are allowed between fork and
// _exit in a process with threads, and Swift promises none.
static inline pid_t cfuse_probe_file_system(const char *path, int write_end_of_pipe) {
  pid_t child = fork();
  if (child != 0) return child;
  struct statfs statistics;
  int result = statfs(path, &statistics) == 0 ? 0 : errno;
  char byte = (char)result;
  ssize_t written = write(write_end_of_pipe, &byte, 1);
  _exit(written == 1 ? result : 255);
}
