/* Landlock (landlock(7)): the kernel opens no file for this process but those it has allowed, and lets it reach no TCP
 * port, abstract socket or process outside. What a kernel does not know it does not restrict. Values are the kernel's;
 * older headers lack the later ones. */
#ifndef BOXLITE_COMMON_LANDLOCK_H
#define BOXLITE_COMMON_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LANDLOCK_EXECUTE = 1 << 0,
    LANDLOCK_WRITE_FILE = 1 << 1,
    LANDLOCK_READ_FILE = 1 << 2,
    LANDLOCK_READ_DIR = 1 << 3,
    LANDLOCK_REMOVE_DIR = 1 << 4,
    LANDLOCK_REMOVE_FILE = 1 << 5,
    LANDLOCK_MAKE_CHAR = 1 << 6,
    LANDLOCK_MAKE_FILE = 1 << 8,
    LANDLOCK_MAKE_BLOCK = 1 << 11,
    LANDLOCK_TRUNCATE = 1 << 14,
    LANDLOCK_IOCTL_DEV = 1 << 15,
    LANDLOCK_ALL = (1 << 16) - 1,
};

#define LANDLOCK_READ (LANDLOCK_EXECUTE | LANDLOCK_READ_FILE | LANDLOCK_READ_DIR)
/* What a rule for something that is no directory may hold. */
#define LANDLOCK_OF_A_FILE \
    (LANDLOCK_EXECUTE | LANDLOCK_WRITE_FILE | LANDLOCK_READ_FILE | LANDLOCK_TRUNCATE | LANDLOCK_IOCTL_DEV)

struct landlock {
    bool leaves_tcp, leaves_signals; /* of the caller's: what is not to be restricted */
    int rules;      /* a descriptor */
    uint64_t known; /* rights over files that this kernel restricts */
};

/* Each returns -1 with errno. ENOSYS, EOPNOTSUPP: the kernel has none, or the first, which is of no use. */
int landlock_version(void);
int landlock_begin(struct landlock *landlock);
/* To what lies at or below `fd`, which may be an O_PATH descriptor. */
int landlock_allow(const struct landlock *landlock, int fd, uint64_t rights);
/* The process must have given up new privileges. Closes the rules, whatever comes of it. */
int landlock_enforce(struct landlock *landlock);

#endif
