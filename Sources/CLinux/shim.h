// System calls that Swift cannot name: syscall(2) is variadic, and glibc 2.36 has no wrapper for openat2(2) and hides
// the others behind _GNU_SOURCE, which Swift's Glibc module is built without. Each returns what syscall(2) returns:
// -1 and errno. Nothing here owns anything.
#pragma once
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// struct open_how of linux/openat2.h.
struct linux_open_how {
  uint64_t flags;
  uint64_t mode;
  uint64_t resolve;
};

static const uint64_t LINUX_RESOLVE_NO_MAGICLINKS = 0x02;
static const uint64_t LINUX_RESOLVE_BENEATH = 0x08;
static const unsigned int LINUX_RENAME_NOREPLACE = 1;

static inline int linux_openat2(int directory, const char *path, const struct linux_open_how *how) {
  return (int)syscall(437 /* SYS_openat2 */, directory, path, how, sizeof *how);
}

static inline int linux_renameat2(int old_directory, const char *old_name, int new_directory, const char *new_name,
                                  unsigned int flags) {
  return (int)syscall(SYS_renameat2, old_directory, old_name, new_directory, new_name, flags);
}

// What glibc 2.34 and 2.29 have behind _GNU_SOURCE (posix_spawn(3)).
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *__restrict actions,
                                                const char *__restrict path);

static const int LINUX_O_PATH = 010000000;

// A descriptor that polls readable once the process has ended; it is close-on-exec.
static inline int linux_pidfd_open(int pid) {
  return (int)syscall(434 /* SYS_pidfd_open */, pid, 0);
}
