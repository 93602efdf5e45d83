// System calls that Swift cannot name: syscall(2) is variadic, and glibc 2.36 has no wrapper for openat2(2) and hides
// the others behind _GNU_SOURCE, which Swift's Glibc module is built without. Each returns what syscall(2) returns:
// -1 and errno. Nothing here owns anything.
#pragma once
#include <spawn.h>
#include <stddef.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
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

static inline int linux_pipe2(int ends[2], int flags) {
  return (int)syscall(SYS_pipe2, ends, flags);
}

static const int LINUX_O_PATH = 010000000;

// A descriptor that polls readable once the process has ended; it is close-on-exec.
static inline int linux_pidfd_open(int pid) {
  return (int)syscall(434 /* SYS_pidfd_open */, pid, 0);
}

// Asks for the end of a process by a descriptor of linux_pidfd_open: never of another that got its number since.
static inline int linux_pidfd_send_signal(int process, int signal) {
  return (int)syscall(424 /* SYS_pidfd_send_signal */, process, signal, (void *)0, 0);
}

// Has the file system set bytes aside from the start of a file, whose size stays (fallocate(2), FALLOC_FL_KEEP_SIZE).
static inline int linux_reserve(int file, int64_t size) {
  return (int)syscall(SYS_fallocate, file, 1, (int64_t)0, size);
}

// Who called listen(2) on the socket of unix(7) that `socket` is connected to; glibc has struct ucred behind _GNU_SOURCE.
struct linux_peer {
  int32_t process;
  uint32_t user, group;
};

static inline int linux_peer_of(int socket, struct linux_peer *peer) {
  socklen_t length = sizeof *peer;
  return getsockopt(socket, SOL_SOCKET, 17 /* SO_PEERCRED */, peer, &length);
}

// What we want of struct stat. That struct itself belongs, to Swift, to whichever C module of the build came upon
// the header first, which is not always the same one.
struct linux_status {
  uint32_t mode;
  uint32_t owner;
  int64_t size;
  uint64_t device, inode, links;
  int64_t modified_seconds;
  int32_t modified_nanoseconds;
  int32_t changed_nanoseconds;
  int64_t changed_seconds;
  // Bytes that the file system has given it.
  int64_t allocated;
};

static inline void linux_copy_status(const struct stat *from, struct linux_status *to) {
  to->mode = from->st_mode;
  to->owner = from->st_uid;
  to->size = from->st_size;
  to->device = from->st_dev;
  to->inode = from->st_ino;
  to->links = from->st_nlink;
  to->changed_seconds = from->st_ctim.tv_sec;
  to->changed_nanoseconds = (int32_t)from->st_ctim.tv_nsec;
  to->allocated = (int64_t)from->st_blocks * 512;
  to->modified_seconds = from->st_mtim.tv_sec;
  to->modified_nanoseconds = (int32_t)from->st_mtim.tv_nsec;
}

static inline int linux_fstat(int file, struct linux_status *status) {
  struct stat found;
  if (fstat(file, &found) != 0) return -1;
  linux_copy_status(&found, status);
  return 0;
}

// Of a name itself, not of what a symbolic link leads to.
static inline int linux_lstatat(int directory, const char *name, struct linux_status *status) {
  struct stat found;
  if (fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) != 0) return -1;
  linux_copy_status(&found, status);
  return 0;
}

// Sets the time of modification and leaves that of access (utimensat(2)).
static inline int linux_set_modified(const char *path, int64_t seconds, int32_t nanoseconds) {
  struct timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
  return utimensat(AT_FDCWD, path, times, 0);
}

// Gives the calling thread a name of at most 15 bytes (prctl(2)).
static inline int linux_name_thread(const char *name) {
  return (int)syscall(SYS_prctl, 15 /* PR_SET_NAME */, name, 0, 0, 0);
}

// Makes this process the parent of descendants whose own parent ends (prctl(2), which is variadic).
static inline int linux_adopt_orphans(void) {
  return (int)syscall(SYS_prctl, 36 /* PR_SET_CHILD_SUBREAPER */, 1, 0, 0, 0);
}
