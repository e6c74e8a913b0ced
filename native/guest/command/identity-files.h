/* Who a command runs as, from the texts of the image's /etc/passwd and /etc/group. Pure: hostile text in,
 * numbers out. The rules are Docker's (moby/sys/user GetExecUser). */
#ifndef BOXLITE_GUEST_IDENTITY_FILES_H
#define BOXLITE_GUEST_IDENTITY_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "../../common/err.h"

enum { MAX_USER_GROUPS = 1024, MAX_HOME = 1024 };

struct text {
    const char *at;
    size_t size;
};

struct who {
    uint32_t uid, gid;
    uint32_t groups[MAX_USER_GROUPS]; /* supplementary */
    uint32_t group_count;
    char home[MAX_HOME];
};

/* spec: NAME|UID[:GROUP|GID], empty = root. A missing file is an empty text.
 * EINVAL with Docker's sentence when a name has no entry or a number is out of range. A line whose numbers
 * are no numbers is passed over: read as 0 it would make its user root. */
int who_resolve(const char *spec, struct text passwd, struct text group, struct who *out, struct err *err);

/* Adds a group, NAME|GID, to the supplementary ones; one that the user is in is not added again. EINVAL with Docker's
 * sentence when a name has no entry. */
int who_join(const char *wanted, struct text group, struct who *who, struct err *err);

#endif
