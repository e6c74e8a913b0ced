/* What whoever has taken a VMM over would try: the same list for the stand-in of a VMM and for the real one, in which it
 * runs after the lock has closed. A line for each attempt says what came of it. */
#ifndef BOXLITE_TEST_SHIM_ATTEMPTS_H
#define BOXLITE_TEST_SHIM_ATTEMPTS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct attempt_places {
    int report, directory, read_only_file; /* descriptors that the VMM has */
    pid_t process; /* of the host */
    const char *secret, *socket; /* paths of the host's, the second a listening socket */
};

static struct attempt_places attempt_at;

/* By number: nothing that the VMM's interposer does counts. */
static long attempt_open(const char *path, int flags) { return syscall(SYS_openat, AT_FDCWD, path, flags, 0600); }

static long read_secret(void) { return attempt_open(attempt_at.secret, O_RDONLY); }
static long read_passwords(void) { return attempt_open("/etc/passwd", O_RDONLY); }
static long list_homes(void) { return attempt_open("/home", O_RDONLY | O_DIRECTORY); }
static long list_state(void) { return attempt_open("/var/lib", O_RDONLY | O_DIRECTORY); }
static long list_run(void) { return attempt_open("/run", O_RDONLY | O_DIRECTORY); }
static long list_processes(void) { return attempt_open("/proc", O_RDONLY | O_DIRECTORY); }
static long first_root(void) { return attempt_open("/proc/1/root", O_PATH); }
static long kernel_settings(void) { return attempt_open("/proc/sys/kernel/core_pattern", O_WRONLY); }
static long devices(void) { return attempt_open("/sys/kernel", O_RDONLY | O_DIRECTORY); }
static long write_program(void) { return attempt_open("/usr/bin/env", O_WRONLY); }
static long make_file(void) { return attempt_open("/usr/new", O_WRONLY | O_CREAT); }
static long parent_of_directory(void) {
    return syscall(SYS_openat, attempt_at.directory, "../../../../../../../etc/passwd", O_RDONLY);
}
static long write_read_only(void) { return write(attempt_at.read_only_file, "x", 1); }
static long open_again(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", attempt_at.read_only_file);
    return attempt_open(path, O_RDWR);
}
static long map_for_writing(void) {
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, attempt_at.read_only_file, 0);
    return at == MAP_FAILED ? -1 : 0;
}
static long truncate_read_only(void) { return ftruncate(attempt_at.read_only_file, 0); }
static long cut_by_path(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", attempt_at.read_only_file);
    return syscall(SYS_truncate, path, 0);
}
static long change_mode(void) { return fchmod(attempt_at.read_only_file, 0); }
static long open_handle(void) {
    struct file_handle none = {.handle_bytes = 0};
    return syscall(SYS_open_by_handle_at, AT_FDCWD, &none, O_RDONLY);
}

static long find_process(void) { return syscall(SYS_pidfd_open, attempt_at.process, 0); }
static long signal_process(void) { return syscall(SYS_kill, attempt_at.process, 0); }
static long trace_process(void) { return ptrace(PTRACE_SEIZE, attempt_at.process, NULL, NULL); }
static long read_process(void) {
    char byte;
    struct iovec here = {.iov_base = &byte, .iov_len = 1}, there = {.iov_base = &byte, .iov_len = 1};
    return process_vm_readv(attempt_at.process, &here, 1, &there, 1, 0);
}

static long internet(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static long internet_6(void) { return socket(AF_INET6, SOCK_DGRAM, 0); }
static long netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static long packets(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static long connect_to(const char *path, bool is_abstract) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    if (size + 1 >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path + is_abstract, path, size);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    return fd < 0 ? -1
                  : connect(fd, (const struct sockaddr *)&address,
                            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + is_abstract + size));
}
static long host_socket(void) { return connect_to(attempt_at.socket, false); }
static long abstract_socket(void) { return connect_to(attempt_at.socket, true); }

static long namespaces_of_its_own(void) { return unshare(CLONE_NEWUSER); }
static long other_namespaces(void) { return setns(attempt_at.read_only_file, 0); }
static long mount_something(void) { return syscall(SYS_mount, "none", "/usr", "tmpfs", 0, NULL); }
static long change_root(void) { return syscall(SYS_chroot, "/usr"); }
static long clone_tree(void) { return syscall(SYS_open_tree, AT_FDCWD, "/", 1); }
static long program(void) { return syscall(SYS_bpf, 0, NULL, 0); }
static long counters(void) { return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0); }
static long faults(void) { return syscall(SYS_userfaultfd, 0); }
static long ring(void) { return syscall(SYS_io_uring_setup, 1, NULL); }
static long keys(void) { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0); }
static long module(void) { return syscall(SYS_finit_module, attempt_at.read_only_file, "", 0); }
static long other_kernel(void) { return syscall(SYS_kexec_load, 0, 0, NULL, 0); }
static long restart(void) { return syscall(SYS_reboot, 0, 0, 0, NULL); }
static long name_host(void) { return syscall(SYS_sethostname, "x", 1); }
static long become_root(void) { return syscall(SYS_setuid, 0); }
/* Last, and of a program that there is not: the stand-in for a VMM has no filter against it, as it began with one. */
static long execute(void) { return syscall(SYS_execve, "/nowhere", NULL, NULL); }

struct attempt {
    const char *name;
    long (*make)(void);
    bool ends; /* the lock ends a VMM that makes it */
};

static const struct attempt attempts[] = {
    {"a secret file", read_secret, false},
    {"passwords", read_passwords, false},
    {"homes", list_homes, false},
    {"state", list_state, false},
    {"/run", list_run, false},
    {"processes", list_processes, false},
    {"root of the first process", first_root, false},
    {"settings of the kernel", kernel_settings, false},
    {"/sys", devices, false},
    {"a program, for writing", write_program, false},
    {"a new file", make_file, false},
    {"above its directory", parent_of_directory, false},
    {"a read-only file, written", write_read_only, false},
    {"a read-only file, opened again", open_again, false},
    {"a read-only file, mapped", map_for_writing, false},
    {"a read-only file, cut", truncate_read_only, false},
    {"a read-only file, cut by its path", cut_by_path, false},
    {"a read-only file, its mode", change_mode, false},
    {"a file by its handle", open_handle, true},
    {"another process", find_process, false},
    {"another process, signalled", signal_process, true},
    {"another process, traced", trace_process, true},
    {"another process, read", read_process, true},
    {"the internet", internet, true},
    {"the internet, IPv6", internet_6, true},
    {"netlink", netlink, true},
    {"packets", packets, true},
    {"a socket of the host", host_socket, true},
    {"an abstract socket", abstract_socket, true},
    {"namespaces", namespaces_of_its_own, true},
    {"namespaces of others", other_namespaces, true},
    {"a mount", mount_something, true},
    {"another root", change_root, true},
    {"a clone of the mounts", clone_tree, false},
    {"bpf", program, true},
    {"perf", counters, true},
    {"userfaultfd", faults, true},
    {"io_uring", ring, false},
    {"keys", keys, true},
    {"a kernel module", module, true},
    {"another kernel", other_kernel, true},
    {"reboot", restart, true},
    {"the host's name", name_host, false},
    {"root", become_root, true},
    {"another program", execute, true},
};

static void attempt(const struct attempt *one) {
    long result = one->make();
    dprintf(attempt_at.report, "%s: %s\n", one->name, result < 0 ? strerrorname_np(errno) : "allowed");
}

/* @param locked leaves out what would end the VMM */
static inline void attempt_all(bool locked) {
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        if (!locked || !attempts[i].ends)
            attempt(&attempts[i]);
}

#endif
