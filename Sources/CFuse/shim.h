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

// glibc shows these only under _GNU_SOURCE, with which the types of this module would differ from those of Glibc's.
int pipe2(int ends[2], int flags);
int pthread_setname_np(pthread_t thread, const char *name);

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
