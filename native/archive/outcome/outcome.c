#include "outcome.h"

#include <errno.h>

#include "shown.h"

int outcome_exit(const struct err *err) {
    if (err->code >= OUTCOME_BASE)
        return err->code - OUTCOME_BASE;
    switch (err->code) {
    case ENOSPC:
    case EDQUOT:
        return BL_COPY_NO_SPACE;
    case EROFS:
        return BL_COPY_READ_ONLY;
    case EACCES:
    case EPERM:
        return BL_COPY_PERMISSION;
    default:
        return BL_COPY_FAILED;
    }
}

int outcome_malformed(struct err *err, const char *name, const char *rule) {
    return err_set(err, OUTCOME(BL_COPY_MALFORMED), "%s: %s", shown(name), rule);
}
