#define _GNU_SOURCE
#include "guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Numbers that headers of older systems do not have. They are the same on every architecture.
enum { number_fsopen = 430, number_fsconfig = 431, number_fsmount = 432, number_close_range = 436 };
enum { fsconfig_create = 6 };

// MARK: - Connections

// The root of fusectl, of which the kernel has one, without a place in the mount table. Needs root.
static int open_detached_fusectl(void) {
  int context = (int)syscall(number_fsopen, "fusectl", 1 /* FSOPEN_CLOEXEC */);
  if (context < 0) return -1;
  int root = -1;
  if (syscall(number_fsconfig, context, fsconfig_create, NULL, NULL, 0) == 0)
    root = (int)syscall(number_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, 0);
  int code = errno;
  close(context);
  errno = code;
  return root;
}

int guardian_open_control(unsigned int device_minor, const char *name, int flags) {
  char path[128];
  snprintf(path, sizeof path, "/sys/fs/fuse/connections/%u/%s", device_minor, name);
  int file = open(path, flags | O_CLOEXEC);
  if (file >= 0 || errno != ENOENT || geteuid() != 0) return file;
  int root = open_detached_fusectl();
  if (root < 0) return -1;
  snprintf(path, sizeof path, "%u/%s", device_minor, name);
  file = openat(root, path, flags | O_CLOEXEC);
  int code = errno;
  close(root);
  errno = code;
  return file;
}

// MARK: - The child
// From here on nothing allocates: the heap is given back.

// The time as the log has it; gmtime_r(3) allocates.
static void write_time(char *text, size_t size) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  long second = now.tv_sec % 86400;
  // Days since 0000-03-01, in eras of 400 years that begin in March.
  long days = now.tv_sec / 86400 + 719468, era = days / 146097, of_era = days % 146097;
  long year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  long of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  long month = (5 * of_year + 2) / 153, day = of_year - (153 * month + 2) / 5 + 1;
  month = month < 10 ? month + 3 : month - 9;
  snprintf(text, size, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%03ldZ", year_of_era + era * 400 + (month <= 2), month, day,
           second / 3600, second / 60 % 60, second % 60, now.tv_nsec / 1000000);
}

static void say(const struct guardian_orders *orders, const char *text) {
  char line[4608], time[64];
  write_time(time, sizeof time);
  int length =
      snprintf(line, sizeof line, "%s error guardian: %s mountpoint=%s\n", time, text, orders->mountpoint);
  if (length > (int)sizeof line - 1) length = sizeof line - 1;
  ssize_t written = write(STDERR_FILENO, line, (size_t)length);
  (void)written;
}

// Closes everything but standard error and `kept`, the descriptor of the device among them.
static void close_others(const int *kept, int count) {
  for (unsigned int first = STDERR_FILENO + 1;;) {
    unsigned int next = UINT32_MAX;
    for (int i = 0; i < count; i++)
      if (kept[i] >= 0 && (unsigned int)kept[i] >= first && (unsigned int)kept[i] < next) next = (unsigned int)kept[i];
    unsigned int last = next == UINT32_MAX ? UINT32_MAX : next - 1;
    if (next > first && syscall(number_close_range, first, last, 0) != 0)
      for (unsigned int file = first; file <= last && file < 65536; file++) close((int)file);
    if (next == UINT32_MAX) break;
    first = next + 1;
  }
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  if (null > STDERR_FILENO) close(null);
}

// Reads a small file of proc(5) as text.
static int read_text(const char *path, char *text, size_t size) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  size_t used = 0;
  for (;;) {
    ssize_t count = read(file, text + used, size - 1 - used);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    used += (size_t)count;
  }
  close(file);
  text[used] = 0;
  return 0;
}

// Gives back the pages that only the daemon needs. They are private to this process: the daemon keeps its own.
static void drop_memory(void) {
  static char maps[256 << 10];
  if (read_text("/proc/self/maps", maps, sizeof maps) != 0) return;
  uintptr_t own = (uintptr_t)__builtin_frame_address(0);
  for (char *line = maps; *line;) {
    char *end = strchr(line, '\n');
    if (!end) break;
    *end = 0;
    unsigned long from, to, inode;
    char mode[5];
    int name = 0;
    if (sscanf(line, "%lx-%lx %4s %*s %*s %lu %n", &from, &to, mode, &inode, &name) == 4 && inode == 0 &&
        strncmp(mode, "rw-p", 4) == 0 && (own < from || own >= to)) {
      // malloc(3) has the heap, and arenas of threads at multiples of 64 MiB. Other memory without a file may be a library's.
      const char *label = name > 0 ? line + name : "";
      if (strcmp(label, "[heap]") == 0 || from % (64ul << 20) == 0) madvise((void *)from, to - from, MADV_DONTNEED);
    }
    line = end + 1;
  }
  madvise(maps, sizeof maps, MADV_DONTNEED);
}

// Shows in ps(1) what this process is. Its name has nothing of the daemon's, so that who kills that by name spares this.
static void set_title(const struct guardian_orders *orders) {
  prctl(PR_SET_NAME, "mount-guardian");
  char text[2048];
  if (read_text("/proc/self/stat", text, sizeof text) != 0) return;
  char *field = strrchr(text, ')');
  // The state is the third field; the beginning and the end of the arguments are the 48th and the 49th.
  for (int number = 2; field && number < 48; number++) field = strchr(field + 1, ' ');
  unsigned long from, to;
  if (!field || sscanf(field, "%lu %lu", &from, &to) != 2 || to <= from + 1) return;
  char title[4608];
  snprintf(title, sizeof title, "mount-guardian of %s", orders->mountpoint);
  memset((void *)from, 0, to - from);
  strncpy((char *)from, title, to - from - 1);
}

// Whether the connection that was guarded is still there, served or not; 1 where that cannot be told.
static int connection_exists(const struct guardian_orders *orders) {
  char text[32];
  return orders->waiting_file < 0 || pread(orders->waiting_file, text, sizeof text, 0) != 0;
}

// Whether the uppermost mount at the mountpoint is the one that was guarded.
static int is_mounted(const struct guardian_orders *orders) {
  int file = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  static char line[16384];
  size_t used = 0;
  int found = 0, skips = 0;
  for (;;) {
    ssize_t count = read(file, line + used, sizeof line - 1 - used);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    used += (size_t)count;
    line[used] = 0;
    char *start = line, *end;
    while ((end = memchr(start, '\n', used - (size_t)(start - line)))) {
      *end = 0;
      unsigned int major, minor;
      static char where[8192];
      if (!skips && sscanf(start, "%*d %*d %u:%u %*s %8191s", &major, &minor, where) == 3) {
        // Space, tab, newline, `#` and backslash stand as \ooo.
        char *to = where;
        for (char *from = where; *from; from++) {
          if (from[0] == '\\' && from[1] && from[2] && from[3]) {
            *to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 3;
          } else {
            *to++ = *from;
          }
        }
        *to = 0;
        if (strcmp(where, orders->mountpoint) == 0) found = major == 0 && minor == orders->device_minor;
      }
      skips = 0;
      start = end + 1;
    }
    used -= (size_t)(start - line);
    memmove(line, start, used);
    // A line that does not fit is none of ours.
    if (used == sizeof line - 1) used = 0, skips = 1;
  }
  close(file);
  return found;
}

static void rescue(const struct guardian_orders *orders) {
  if (!connection_exists(orders)) return;
  int is_cut = orders->abort_file >= 0 && write(orders->abort_file, "1\n", 2) == 2;
  if (!is_mounted(orders)) return;
  say(orders, is_cut ? "the process of the mount died; its connection is cut and the mountpoint cleared"
                     : "the process of the mount died; the mountpoint is cleared");
  if (geteuid() == 0) {
    umount2(orders->mountpoint, MNT_DETACH | UMOUNT_NOFOLLOW);
  } else if (orders->unmount_helper) {
    // The death of each further thread of the daemon sends the signal again.
    prctl(PR_SET_PDEATHSIG, 0);
    signal(SIGUSR1, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    char *arguments[] = {(char *)orders->unmount_helper, "-u", "-z", "-q", "--", (char *)orders->mountpoint, NULL};
    char *environment[] = {"PATH=/usr/bin:/bin", NULL};
    execve(orders->unmount_helper, arguments, environment);
  }
}

static _Noreturn void guard(const struct guardian_orders *orders, pid_t daemon, pid_t thread) {
  // The end of the thread that forked tells of the daemon's end: its descriptors do not, for a thread that hangs in the
  // kernel keeps them open.
  prctl(PR_SET_PDEATHSIG, SIGUSR1);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  sigset_t death;
  sigemptyset(&death);
  sigaddset(&death, SIGUSR1);
  int deaths = signalfd(-1, &death, SFD_CLOEXEC);
  int kept[] = {orders->lifeline, orders->abort_file, orders->waiting_file, deaths};
  close_others(kept, sizeof kept / sizeof *kept);
  setsid();
  if (chdir("/") != 0) _exit(1);
  set_title(orders);
  drop_memory();
  int is_dead = deaths < 0 || (syscall(SYS_tgkill, daemon, thread, 0) != 0 && errno == ESRCH);
  while (!is_dead) {
    struct pollfd events[] = {{orders->lifeline, POLLIN, 0}, {deaths, POLLIN, 0}};
    if (poll(events, 2, -1) < 0) continue;
    char byte;
    if (events[0].revents && read(orders->lifeline, &byte, 1) == 1) _exit(0);
    struct signalfd_siginfo signal;
    // From the daemon's own number: anybody may send the signal.
    if (events[1].revents && read(deaths, &signal, sizeof signal) == sizeof signal)
      is_dead = (pid_t)signal.ssi_pid == daemon;
    if (events[0].revents & (POLLHUP | POLLERR)) is_dead = 1;
  }
  char byte;
  struct pollfd last = {orders->lifeline, POLLIN, 0};
  if (poll(&last, 1, 0) > 0 && read(orders->lifeline, &byte, 1) == 1) _exit(0);
  rescue(orders);
  _exit(0);
}

pid_t guardian_start(const struct guardian_orders *orders) {
  // Copied to the stack: the heap is given back.
  char mountpoint[4096], helper[4096];
  struct guardian_orders own = *orders;
  if (strlen(orders->mountpoint) >= sizeof mountpoint ||
      (orders->unmount_helper && strlen(orders->unmount_helper) >= sizeof helper)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  own.mountpoint = strcpy(mountpoint, orders->mountpoint);
  if (orders->unmount_helper) own.unmount_helper = strcpy(helper, orders->unmount_helper);
  pid_t daemon = getpid(), thread = (pid_t)syscall(SYS_gettid);
  pid_t child = fork();
  if (child == 0) guard(&own, daemon, thread);
  return child;
}
