#include "landlock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum { VERSION_FLAG = 1, RULE_PATH_BENEATH = 1 };
enum { FIRST_WITH_REFER = 2, FIRST_WITH_TRUNCATE, FIRST_WITH_TCP, FIRST_WITH_IOCTL_DEV, FIRST_WITH_SCOPES };
enum { TCP = 3 /* bind, connect */, ABSTRACT_SOCKETS = 1, SIGNALS = 2 };

struct ruleset {
    uint64_t file_system, network, scopes;
};

/* As the kernel packs it. */
struct path_beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

static uint64_t known_rights(int version);

int landlock_version(void) {
    int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
    /* The first one lets nobody rename or link from one directory to another. */
    if (version >= FIRST_WITH_REFER || version < 0)
        return version;
    errno = EOPNOTSUPP;
    return -1;
}

int landlock_begin(struct landlock *landlock) {
    int version = landlock_version();
    if (version < 0)
        return -1;
    landlock->known = known_rights(version);
    struct ruleset handled = {.file_system = landlock->known};
    if (version >= FIRST_WITH_TCP && !landlock->leaves_tcp)
        handled.network = TCP;
    if (version >= FIRST_WITH_SCOPES)
        handled.scopes = landlock->leaves_signals ? ABSTRACT_SOCKETS : ABSTRACT_SOCKETS | SIGNALS;
    landlock->rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    return landlock->rules < 0 ? -1 : 0;
}

static uint64_t known_rights(int version) {
    int count = version >= FIRST_WITH_IOCTL_DEV ? 16 : version >= FIRST_WITH_TRUNCATE ? 15 : 14;
    return ((uint64_t)1 << count) - 1;
}

int landlock_allow(const struct landlock *landlock, int fd, uint64_t rights) {
    struct path_beneath beneath = {.allowed = rights & landlock->known, .parent = fd};
    return (int)syscall(SYS_landlock_add_rule, landlock->rules, RULE_PATH_BENEATH, &beneath, 0);
}

int landlock_enforce(struct landlock *landlock) {
    int failed = (int)syscall(SYS_landlock_restrict_self, landlock->rules, 0), code = errno;
    close(landlock->rules);
    landlock->rules = -1;
    errno = code;
    return failed;
}
