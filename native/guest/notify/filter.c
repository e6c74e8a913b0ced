#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../common/seccomp.h"

/* The same call of 32-bit programs. */
#if defined(__x86_64__)
enum { OTHER_ARCHITECTURE = AUDIT_ARCH_I386, OTHER_ADD_WATCH = 292 };
#else
enum { OTHER_ARCHITECTURE = AUDIT_ARCH_ARM, OTHER_ADD_WATCH = 317 };
#endif

/* A signal does not break off a call that is being answered, and have it begin again: only its end by SIGKILL does. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define IF_NOT(value, skipped) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), 0, skipped)

static int install(const struct sock_fprog *filter, unsigned long flags);

int notify_filter_install(struct err *err) {
    struct sock_filter program[] = {
        LOAD(offsetof(struct seccomp_data, arch)),         IF_NOT(ARCHITECTURE, 3),
        LOAD(offsetof(struct seccomp_data, nr)),           IF_NOT(SYS_inotify_add_watch, 5),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF), IF_NOT(OTHER_ARCHITECTURE, 3),
        LOAD(offsetof(struct seccomp_data, nr)),           IF_NOT(OTHER_ADD_WATCH, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF), ALLOW,
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof *program, .filter = program};
    int listener = install(&filter, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    if (listener < 0 && errno == EINVAL)
        listener = install(&filter, 0); /* before Linux 5.19 */
    return listener < 0 ? err_errno(err, "can't answer for inotify") : listener;
}

static int install(const struct sock_fprog *filter, unsigned long flags) {
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, filter);
}
