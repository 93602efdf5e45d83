#pragma once
// The one place that includes libfuse. Requests, their buffers and their strings belong to libfuse; what a shim keeps
// for itself is said where it does.
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fuse_lowlevel.h>
#include <fuse_log.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

// glibc shows these only under _GNU_SOURCE, with which the types of this module would differ from those of Glibc's.
int pipe2(int ends[2], int flags);
int pthread_setname_np(pthread_t thread, const char *name);

typedef void (*cfuse_log_handler)(int level, const char *line);
static cfuse_log_handler cfuse_current_log_handler;

// C, because libfuse hands its log function a va_list, which Swift cannot format.
static inline void cfuse_format_log_line(enum fuse_log_level level, const char *format, va_list arguments) {
  char line[1024];
  vsnprintf(line, sizeof line, format, arguments);
  line[strcspn(line, "\n")] = 0;
  if (line[0] != 0) cfuse_current_log_handler((int)level, line);
}

// Sends libfuse's messages, for the whole process, to `handler`; the line is valid during the call.
static inline void cfuse_set_log_handler(cfuse_log_handler handler) {
  cfuse_current_log_handler = handler;
  fuse_set_log_func(cfuse_format_log_line);
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
